package medialoopster

import (
	"errors"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestPaths(t *testing.T) {
	m, err := newPathMap(map[string]string{
		"/Volumes/projects/":      "/srv/projects/",
		"/Volumes/projects/fast":  "/mnt/ssd",
		"/Volumes/été":            "/srv/ete",
		`Z:\projects`:             "/srv/z/",
		`\\nas\edit\`:             "/srv/nas",
		"/Y:/share/":              "/srv/y",
		`\\?\UNC\nas\long`:        "/srv/long",
		"//other/share":           "/srv/other",
		`/home/back\slash`:        "/srv/back",
		`X:\`:                     "/srv/x",
		"/Volumes/whole (1) #&%/": "/",
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ local, want string }{
		{"/Volumes/projects/Spring/a.mov", "/srv/projects/Spring/a.mov"},
		{"/Volumes/projects", "/srv/projects"},
		{"/Volumes/projects/", "/srv/projects"},
		{"/Volumes/projects/fast/a.mov", "/mnt/ssd/a.mov"}, // the longest counts
		{"/Volumes/projects/faster/a.mov", "/srv/projects/faster/a.mov"},
		{"/Volumes/projects2/a.mov", ""}, // no border of a part
		{"/Volumes", ""},
		{"/volumes/projects/a.mov", ""}, // case counts here
		{"/Volumes/été/ü.mov", "/srv/ete/ü.mov"},
		{`Z:\projects\Spring\a.mov`, "/srv/z/Spring/a.mov"},
		{`z:\Projects\Spring\A.mov`, "/srv/z/Spring/A.mov"}, // and not there
		{`Z:/projects/a.mov`, "/srv/z/a.mov"},
		{`/Z:/projects/a.mov`, "/srv/z/a.mov"},
		{`\\?\Z:\projects\a.mov`, "/srv/z/a.mov"},
		{`Z:\projects2\a.mov`, ""},
		{`\\nas\edit\Spring\a.mov`, "/srv/nas/Spring/a.mov"},
		{`\\NAS\Edit\a.mov`, "/srv/nas/a.mov"},
		{`//nas/edit/a.mov`, "/srv/nas/a.mov"},
		{`\\?\UNC\nas\edit\a.mov`, "/srv/nas/a.mov"},
		{`\\nas\long\a.mov`, "/srv/long/a.mov"},
		{`\\other\share\a.mov`, "/srv/other/a.mov"},
		{`\\nas\edits\a.mov`, ""},
		{"/nas/edit/a.mov", ""},
		{`Y:\share\a.mov`, "/srv/y/a.mov"},
		{`X:\a.mov`, "/srv/x/a.mov"},
		{`X:`, "/srv/x"},
		{`/home/back\slash/a.mov`, "/srv/back/a.mov"},
		{`/home/back/slash/a.mov`, ""},
		{"/Volumes/whole (1) #&%/a.mov", "/a.mov"},
		{"", ""}, {"a.mov", ""}, {`projects\a.mov`, ""},
		{"/Volumes/projects/../secret.mov", ""}, {"/Volumes/projects/./a.mov", ""}, {"/Volumes/projects//a.mov", ""},
		{`Z:\projects\..\a.mov`, ""}, {"/Volumes/projects/nul\x00.mov", ""},
	}
	for _, tt := range tests {
		got, err := m.server(tt.local)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%q is %q, %v; want %q", tt.local, got, err, tt.want)
		}
		if err != nil && (!errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "medialoopster")) {
			t.Errorf("%q: %v", tt.local, err)
		}
	}
	for server, want := range map[string]string{
		"/srv/projects/Spring/": "/Volumes/projects/Spring", "/mnt/ssd/a": "/Volumes/projects/fast/a", "/srv/z": "Z:/projects",
		"/srv/nas/a.mov": "//nas/edit/a.mov", "/elsewhere/a": "/Volumes/whole (1) #&%/elsewhere/a",
	} {
		if got := m.local(server); got != want {
			t.Errorf("%s is %q here, want %q", server, got, want)
		}
	}
	if got := (pathMap{{"/a", "/srv/a"}}).local("/srv/ab/c"); got != "" {
		t.Errorf("got %q for what no mapping covers", got)
	}
}

func TestBadPathMaps(t *testing.T) {
	for name, tt := range map[string]struct {
		paths map[string]string
		want  string
	}{
		"not whole":         {map[string]string{"projects": "/srv"}, `"projects" must be a whole path`},
		"with dots":         {map[string]string{"/a/../b": "/srv"}, "must not hold"},
		"server not whole":  {map[string]string{"/a": "srv"}, `"srv" must be a path as medialoopster sees it`},
		"server of Windows": {map[string]string{"/a": `Z:\srv`}, "as medialoopster sees it"},
		"server with dots":  {map[string]string{"/a": "/srv/../x"}, "as medialoopster sees it"},
		"twice":             {map[string]string{`Z:\a`: "/srv", "z:/A/": "/srv/b"}, "is there twice"},
	} {
		if _, err := newPathMap(tt.paths); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want it to say %q", name, err, tt.want)
		}
	}
}

// Nothing gets out of the folders that are mapped, and what goes there comes back.
func FuzzPaths(f *testing.F) {
	for _, p := range []string{"/Volumes/p/a.mov", `Z:\p\a.mov`, `\\?\UNC\nas\p\..\x`, "//nas/p//x", "/Volumes/p/.."} {
		f.Add(p)
	}
	m, err := newPathMap(map[string]string{"/Volumes/p": "/srv/p", `Z:\p`: "/srv/z", `\\nas\p`: "/srv/nas"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, local string) {
		server, err := m.server(local)
		if err != nil {
			return
		}
		if !strings.HasPrefix(server, "/srv/") || strings.Contains(server+"/", "/../") || strings.Contains(server, "//") {
			t.Errorf("%q became %q", local, server)
		}
		if again, err := m.server(m.local(server)); err != nil || again != server {
			t.Errorf("%q became %q and then %q, %v", local, server, again, err)
		}
	})
}
