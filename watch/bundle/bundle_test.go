package bundle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var morning = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

// listing makes files of lines; one that ends with '/' is a folder. "name @3" was
// changed three minutes after nine.
func listing(lines ...string) (list []Entry) {
	for _, line := range lines {
		name, minutes, _ := strings.Cut(line, " @")
		e := Entry{Name: strings.TrimSuffix(name, "/"), Dir: strings.HasSuffix(name, "/"), Size: 100, ModTime: morning}
		var n int
		fmt.Sscan(minutes, &n)
		e.ModTime = morning.Add(time.Duration(n) * time.Minute)
		e.ID = "id of " + e.Name
		list = append(list, e)
	}
	return list
}

// told is a bundle in a line: its program, root, project file, set and media.
func told(b Bundle) string {
	below := func(name string) string { return strings.TrimPrefix(name, b.Root+"/") }
	var set, media []string
	for _, e := range b.Set {
		set = append(set, below(e.Name))
	}
	for _, m := range b.Media {
		media = append(media, below(m.Name)+":"+string(m.Kind))
	}
	return fmt.Sprintf("%s|%s|%s|%s|%s", b.Program, b.Root, below(b.Project.Name), strings.Join(set, ","), strings.Join(media, ","))
}

func TestRecognize(t *testing.T) {
	tests := map[string]struct {
		listing []Entry
		want    []string
		loose   string
	}{
		"nothing":           {nil, nil, ""},
		"no project file":   {listing("Spring/", "Spring/a.mov", "readme.txt"), nil, ""},
		"Premiere":          {listing("Spring/", "Spring/Spring.prproj", "Spring/footage/A001.MOV", "Spring/sound/a.wav", "Spring/gfx/logo.psd", "Spring/notes.txt", "Spring/sound/take.txt"), []string{"Adobe Premiere Pro|Spring|Spring.prproj|Spring.prproj,notes.txt|footage/A001.MOV:video,gfx/logo.psd:image,sound/a.wav:audio"}, ""},
		"folders not told":  {listing("Spring/footage/a.mov", "Spring/Spring.prproj"), []string{"Adobe Premiere Pro|Spring|Spring.prproj|Spring.prproj|footage/a.mov:video"}, ""},
		"case":              {listing("Spring/SPRING.PRPROJ", "Spring/ADOBE PREMIERE PRO AUTO-SAVE/x.mov"), []string{"Adobe Premiere Pro|Spring|SPRING.PRPROJ|SPRING.PRPROJ|"}, ""},
		"below clients":     {listing("acme/2026/Spring/Spring.prproj", "acme/2026/Autumn/Autumn.prproj"), []string{"Adobe Premiere Pro|acme/2026/Autumn|Autumn.prproj|Autumn.prproj|", "Adobe Premiere Pro|acme/2026/Spring|Spring.prproj|Spring.prproj|"}, ""},
		"Premiere's waste":  {listing("S/S.prproj", "S/S.prlock", "S/Adobe Premiere Pro Auto-Save/S-1.prproj", "S/Adobe Premiere Pro Video Previews/S.PRV/r.mov", "S/Adobe Premiere Pro Audio Previews/S.PRV/x.wav", "S/Media Cache Files/a.wav", "S/a.mov"), []string{"Adobe Premiere Pro|S|S.prproj|S.prlock,S.prproj|a.mov:video"}, ""},
		"only an auto-save": {listing("S/Adobe Premiere Pro Auto-Save/S-1.prproj", "S/a.mov"), nil, ""},
		"two project files": {listing("S/old.prproj @9", "S/S.prproj @1", "S/new.prproj @10"), []string{"Adobe Premiere Pro|S|S.prproj|S.prproj,new.prproj,old.prproj|"}, ""},
		"the newest":        {listing("S/a.prproj @9", "S/b.prproj @10", "S/c.prproj @1"), []string{"Adobe Premiere Pro|S|b.prproj|a.prproj,b.prproj,c.prproj|"}, ""},
		"loose":             {listing("a.prproj", "a.mov", "S/S.prproj"), []string{"Adobe Premiere Pro|S|S.prproj|S.prproj|"}, "a.prproj"},
		"hidden":            {listing("S/._S.prproj", ".Trashes/T/T.prproj", "@eaDir/U/U.prproj", "S/.x/V.prproj"), nil, ""},
		"hidden media":      {listing("S/S.prproj", "S/._a.mov", "S/.cache/a.mov", "S/@eaDir/a.jpg", "S/~$a.jpg"), []string{"Adobe Premiere Pro|S|S.prproj|S.prproj|"}, ""},
		"nested":            {listing("S/S.prproj", "S/titles/t.aep", "S/titles/Adobe After Effects Auto-Save/t.mov", "S/titles/t.aep Logs/x.jpg", "S/titles/bg.png"), []string{"Adobe Premiere Pro|S|S.prproj|S.prproj,titles/t.aep|titles/bg.png:image"}, ""},
		"After Effects":     {listing("T/t.aepx", "T/(Footage)/a.mov"), []string{"Adobe After Effects|T|t.aepx|t.aepx|(Footage)/a.mov:video"}, ""},
		"Final Cut": {listing("L.fcpbundle/", "L.fcpbundle/CurrentVersion.flexolibrary", "L.fcpbundle/Settings.plist", "L.fcpbundle/E/CurrentVersion.fcpevent", "L.fcpbundle/E/Original Media/a.mov", "L.fcpbundle/E/Render Files/High Quality Media/r.mov", "L.fcpbundle/E/Transcoded Media/Proxy Media/a.mov", "L.fcpbundle/__Temp/x.mov"),
			[]string{"Final Cut Pro|L.fcpbundle|CurrentVersion.flexolibrary|CurrentVersion.flexolibrary,E/CurrentVersion.fcpevent,Settings.plist|E/Original Media/a.mov:video"}, ""},
		"Final Cut not yet whole": {listing("L.fcpbundle/", "L.fcpbundle/Settings.plist", "L.fcpbundle/E/Original Media/a.mov"), nil, ""},
		"Final Cut XML":           {listing("acme/X.fcpxmld/Info.fcpxml", "acme/X.fcpxmld/stills/a.png"), []string{"Final Cut Pro|acme/X.fcpxmld|Info.fcpxml|Info.fcpxml|stills/a.png:image"}, ""},
		"a library in a bundle":   {listing("S/S.prproj", "S/L.fcpbundle/CurrentVersion.flexolibrary", "S/L.fcpbundle/E/Original Media/a.mov", "S/L.fcpbundle/E/Render Files/r.mov"), []string{"Adobe Premiere Pro|S|S.prproj|L.fcpbundle/CurrentVersion.flexolibrary,S.prproj|L.fcpbundle/E/Original Media/a.mov:video"}, ""},
		"Final Cut 7":             {listing("S/project_file.fcp", "S/Autosave Vault/S/x.fcp", "S/a.mov"), []string{"Final Cut Pro 7|S|project_file.fcp|project_file.fcp|a.mov:video"}, ""},
		"Resolve":                 {listing("R/R.drp", "R/CacheClip/x.mov", "R/ProxyMedia/a.mov", "R/.gallery/a.dpx", "R/a.braw"), []string{"DaVinci Resolve|R|R.drp|R.drp|a.braw:video"}, ""},
		"Resolve archive":         {listing("R.dra/project.drp", "R.dra/Macintosh/a.mov"), []string{"DaVinci Resolve|R.dra|project.drp|project.drp|Macintosh/a.mov:video"}, ""},
		"Avid": {listing("A/A.avp", "A/A.avs", "A/bin.avb", "A/SearchData/x.wav", "A/Avid MediaFiles/MXF/1/a.mxf", "A/Avid MediaFiles/MXF/1/msmMMOB.mdb", "A/Avid MediaFiles/MXF/Creating/b.mxf"),
			[]string{"Avid Media Composer|A|A.avp|A.avp,A.avs,bin.avb|Avid MediaFiles/MXF/1/a.mxf:video"}, ""},
		"Avid, media beside": {listing("A/A project/A.avp", "A/Avid MediaFiles/MXF/1/a.mxf", "A/stills/a.tif"), []string{"Avid Media Composer|A|A project/A.avp|A project/A.avp|Avid MediaFiles/MXF/1/a.mxf:video,stills/a.tif:image"}, ""},
		"Avid, media of all": {listing("A/A.avp", "B/B.avp", "Avid MediaFiles/MXF/1/a.mxf"), []string{"Avid Media Composer|A|A.avp|A.avp|", "Avid Media Composer|B|B.avp|B.avp|"}, ""},
		"a name like others": {listing("S/S.prproj", "S10/S.prproj", "S/a.mov", "S10/b.mov"), []string{"Adobe Premiere Pro|S|S.prproj|S.prproj|a.mov:video", "Adobe Premiere Pro|S10|S.prproj|S.prproj|b.mov:video"}, ""},
		"an extension alone": {listing("S/.prproj", "S/prproj"), nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				bundles, loose := Recognize(tt.listing, Programs())
				var got []string
				for _, b := range bundles {
					got = append(got, told(b))
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
				}
				var names []string
				for _, e := range loose {
					names = append(names, e.Name)
				}
				if strings.Join(names, ",") != tt.loose {
					t.Errorf("loose are %q, want %q", names, tt.loose)
				}
				slices.Reverse(tt.listing) // the order must not matter
			}
		})
	}
}

func TestAProgramCanBeAdded(t *testing.T) {
	mine := append(Programs(), Program{Name: "Vegas", Files: []string{".veg"}, Waste: []string{"sfk*"}})
	bundles, _ := Recognize(listing("V/V.veg", "V/SFK 1/a.mov", "V/b.mov"), mine)
	if len(bundles) != 1 || told(bundles[0]) != "Vegas|V|V.veg|V.veg|b.mov:video" {
		t.Errorf("got %+v", bundles)
	}
}

func TestAFolderIsKnownByItsID(t *testing.T) {
	bundles, _ := Recognize(listing("acme/S/", "acme/S/S.prproj"), Programs())
	if len(bundles) != 1 || bundles[0].Folder != "id of acme/S" || bundles[0].Identity().Project != "S.prproj" || bundles[0].Identity().File != "id of acme/S/S.prproj" {
		t.Errorf("got %+v", bundles)
	}
}

func TestKindOf(t *testing.T) {
	for name, want := range map[string]Kind{
		"a.MOV": Video, "b/c.mxf": Video, "a.wav": Audio, "a.b.AIFF": Audio, "a.psd": Image, "a.CR3": Image,
		"a.txt": "", "a.prproj": "", "a": "", ".mov": "", "._a.mov": "", "a.": "", "": "", "a.pek": "", "a.cfa": "", "mov": "",
	} {
		if got := KindOf(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// Whatever a listing holds, each file belongs to one bundle at most, and what is
// found lies in it.
func FuzzRecognize(f *testing.F) {
	f.Add("S/S.prproj\nS/a.mov\nS/L.fcpbundle/CurrentVersion.flexolibrary")
	f.Add("a/b/A.avp\na/Avid MediaFiles/x.mxf\n.dra/project.drp\n../x.aep\n//\n/a.fcp")
	f.Fuzz(func(t *testing.T, text string) {
		bundles, _ := Recognize(listing(strings.Split(text, "\n")...), Programs())
		seen := map[string]bool{}
		for _, b := range bundles {
			if b.Root == "" || b.Root == "." || b.Project.Name == "" || !strings.HasPrefix(b.Project.Name, b.Root+"/") {
				t.Errorf("%q: %+v", text, b)
			}
			for _, m := range b.Media {
				if !strings.HasPrefix(m.Name, b.Root+"/") || m.Kind == "" {
					t.Errorf("%q: %s is no medium of %s", text, m.Name, b.Root)
				}
			}
			if seen[b.Root] {
				t.Errorf("%q: %s is there twice", text, b.Root)
			}
			seen[b.Root] = true
		}
	})
}
