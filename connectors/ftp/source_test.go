package ftp

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/ftp/ftpsim"
	"github.com/studio-agent/studio-agent/connectors/layout"
)

func pendingOf(t *testing.T, c connectors.Connector) []connectors.Retouch {
	t.Helper()
	list, err := c.In.Pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestPendingSaysWhoseEachFileIs(t *testing.T) {
	for name, opt := range map[string]simOptions{"MLSD": {}, "LIST": {NoMLSD: true}} {
		r := serve(t, opt)
		for _, file := range []string{
			"out/0001.tif", "out/a/0002.tif", "out/b/deep/er/0003.tif", "out/unknown/0004.tif",
			"out/.hidden.tif", "out/.cache/0005.tif", "out/@eaDir/0006.tif", "out/0007.tif.part", "out/Thumbs.db",
			"out/refused/a/0008.tif", "mirror/x/0009.tif", "mirror/no/0010.tif", "in/0011.tif",
		} {
			write(t, filepath.Join(r.dir, file), []byte("x"))
		}
		for link, target := range map[string]string{"link.tif": "0001.tif", "linked": "a"} {
			if err := os.Symlink(target, filepath.Join(r.dir, "out", link)); err != nil {
				t.Fatal(err)
			}
		}
		c := r.connect(t, options{Put: "/in", Get: "/out", Rejected: "/out/refused", Layout: "bench"}, connectors.Setup{
			Benches: []connectors.Bench{{Name: "a"}, {Name: "b"}},
			Mirrors: []connectors.MirroredFolder{{Remote: "mirror", Get: true, Rejected: "mirror/no"}, {Remote: "/never/there", Rejected: ""}},
		})
		var got []string
		for _, rt := range pendingOf(t, c) {
			got = append(got, fmt.Sprintf("%s|%s|%s|%v|%v", rt.Remote, rt.Bench, rt.Name, rt.Stage == connectors.Ready, rt.Rejected))
			if rt.Final {
				t.Errorf("%s is promised to be complete; nobody can", rt.Name)
			}
			if rt.Stage == connectors.Failed && rt.Reason != "the vendor refused it: it lies in /out/refused" {
				t.Errorf("%s failed because %q", rt.Name, rt.Reason)
			}
			if err := c.In.Fetch(t.Context(), rt, new(bytes.Buffer)); err != nil {
				t.Error(err)
			}
		}
		slices.Sort(got)
		want := []string{
			"mirror||0010.tif|true|true", "mirror||x/0009.tif|true|false",
			"|a|0002.tif|true|false", "|a|0008.tif|false|false", "|b|deep/er/0003.tif|true|false",
			"||0001.tif|true|false", "||unknown/0004.tif|true|false",
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: Pending lists\n%q, want\n%q", name, got, want)
		}
	}
}

func TestAMirrorWaitsForWhatMakesItsFilesComplete(t *testing.T) {
	r := serve(t, simOptions{})
	write(t, filepath.Join(r.dir, "out", "a.tif"), []byte("x"))
	write(t, filepath.Join(r.dir, "out", "b.tif"), []byte("x"))
	write(t, filepath.Join(r.dir, "out", "b.tif.done"), nil)
	c := r.connect(t, options{}, connectors.Setup{Mirrors: []connectors.MirroredFolder{{Remote: "out", Get: true, Ready: "marker"}}})
	stages := map[string]connectors.Stage{}
	for _, rt := range pendingOf(t, c) {
		stages[rt.Name] = rt.Stage
	}
	if len(stages) != 2 || stages["a.tif"] != connectors.Working || stages["b.tif"] != connectors.Ready {
		t.Errorf("stages %v", stages)
	}
}

func TestAFolderOfRefusedWorkNeedNotBeThereAndOthersMust(t *testing.T) {
	r := serve(t, simOptions{})
	c := r.connect(t, options{Get: "out", Rejected: "refused"}, connectors.Setup{})
	if list := pendingOf(t, c); len(list) != 0 {
		t.Errorf("got %v", list)
	}
	remove(t, filepath.Join(r.dir, "out"))
	if list, err := c.In.Pending(t.Context()); meaning(err) != later || list != nil {
		t.Errorf("a missing folder passes for an empty one: %v, %v", list, err)
	}
}

func TestARewriteOfTheSameSizeIsANewRetouch(t *testing.T) {
	for name, opt := range map[string]simOptions{"MLSD": {}, "MDTM": {NoMLSD: true}} {
		r := serve(t, opt)
		c := r.connect(t, options{Get: "out"}, connectors.Setup{})
		file := filepath.Join(r.dir, "out", "0001.tif")
		one := func(mtime time.Time) connectors.Retouch {
			write(t, file, []byte("retouched"))
			if err := os.Chtimes(file, mtime, mtime); err != nil {
				t.Fatal(err)
			}
			return pendingOf(t, c)[0]
		}
		first := one(shot)
		second := one(shot.Add(time.Second)) // in the same minute: LIST shows no difference
		if first.ID == second.ID || !second.ModTime.Equal(shot.Add(time.Second).Truncate(time.Second)) {
			t.Errorf("%s: ids %q and %q, time %v", name, first.ID, second.ID, second.ModTime)
		}
		err := c.In.Fetch(t.Context(), first, new(bytes.Buffer))
		if err == nil || !strings.Contains(err.Error(), "has changed since it was listed") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTimesOfSteadyFilesAreAskedOnce(t *testing.T) {
	r := serve(t, simOptions{NoMLSD: true})
	c := r.connect(t, options{Get: "out"}, connectors.Setup{})
	for i := range 5 {
		write(t, filepath.Join(r.dir, "out", fmt.Sprintf("%d.tif", i)), []byte("x"))
	}
	pendingOf(t, c)
	src := c.In.(*source)
	for name, known := range src.times.seen {
		known.first = known.first.Add(-steady - time.Second)
		src.times.seen[name] = known
	}
	asked := r.Count("MDTM")
	if list := pendingOf(t, c); len(list) != 5 || r.Count("MDTM") != asked {
		t.Errorf("%d files, %d more questions", len(list), r.Count("MDTM")-asked)
	}
	write(t, filepath.Join(r.dir, "out", "0.tif"), []byte("changed"))
	if pendingOf(t, c); r.Count("MDTM") != asked+1 {
		t.Errorf("%d questions about one change", r.Count("MDTM")-asked)
	}
}

// grows makes the file longer while it is being fetched.
type grows struct {
	bytes.Buffer
	file string
}

func (g *grows) Write(p []byte) (int, error) {
	if err := os.WriteFile(g.file, append([]byte("more"), p...), 0o666); err != nil {
		return 0, err
	}
	return g.Buffer.Write(p)
}

func TestAFileThatGrowsWhileItIsFetchedIsAnError(t *testing.T) {
	r := serve(t, simOptions{})
	c := r.connect(t, options{Get: "out"}, connectors.Setup{})
	file := filepath.Join(r.dir, "out", "0001.tif")
	write(t, file, []byte("half"))
	if err := c.In.Fetch(t.Context(), pendingOf(t, c)[0], &grows{file: file}); err == nil {
		t.Error("Fetch went through")
	}
}

func TestAListingThatLiesAboutSizesIsAnError(t *testing.T) {
	r := serve(t, simOptions{LyingSize: 5})
	c := r.connect(t, options{Get: "out"}, connectors.Setup{})
	write(t, filepath.Join(r.dir, "out", "0001.tif"), []byte("half"))
	err := c.In.Fetch(t.Context(), pendingOf(t, c)[0], new(bytes.Buffer))
	if meaning(err) != later || !strings.Contains(err.Error(), "gave 4 of its 9 bytes") {
		t.Errorf("got %v", err)
	}
}

func TestNoIdLeadsOutOfTheFolder(t *testing.T) {
	r := serve(t, simOptions{})
	c := r.connect(t, options{Get: "out"}, connectors.Setup{})
	write(t, filepath.Join(r.dir, "secret"), []byte("x"))
	write(t, filepath.Join(r.dir, "out", "0001.tif"), []byte("x"))
	before := r.Count("RETR")
	for _, id := range []string{"1 0 secret", "1 0 out/../secret", "1 0 /secret", "1 0 out/a\r\nDELE x", "1 0 out", "1 0 out/", "", "1 2", "x 0 out/0001.tif"} {
		var got bytes.Buffer
		if err := c.In.Fetch(t.Context(), connectors.Retouch{ID: id, Name: "0001.tif"}, &got); err == nil || got.Len() != 0 {
			t.Errorf("id %q fetched %d bytes, %v", id, got.Len(), err)
		}
	}
	if r.Count("RETR") != before || r.Count("DELE") != 0 {
		t.Error("the server was asked")
	}
}

func TestListSaysWhatLiesThereForABench(t *testing.T) {
	r := serve(t, simOptions{})
	for _, name := range []string{"b1/a.jpg", "b1/sub/b.jpg", "b1/.studio-0.part", "b2/c.jpg", "b2/c.jpg.done"} {
		write(t, filepath.Join(r.dir, "in", name), []byte("content"))
	}
	for _, test := range []struct {
		layout, bench string
		want          []string
	}{
		{"bench", "b1", []string{"a.jpg", "sub/b.jpg"}},
		{"bench", "b3", nil},
		{"flat", "b1", []string{"b1/a.jpg", "b1/sub/b.jpg", "b2/c.jpg"}},
	} {
		there, err := r.connect(t, options{Put: "in", Layout: test.layout}, connectors.Setup{}).List(t.Context(), test.bench)
		var got []string
		for _, receipt := range there {
			got = append(got, receipt.Name)
		}
		slices.Sort(got)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s %s: %q, %v; want %q", test.layout, test.bench, got, err, test.want)
		}
	}
}

func TestListings(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string // name and size; nil with an error
	}{
		{"ls", "total 8\r\n-rw-r--r--    1 0 0   12 Mar 04 05:06 a b.tif\r\ndrwxr-xr-x 2 0 0 4096 Mar  4  2025 none\r\n", []string{"a b.tif 12"}},
		{"bare newlines", "-rw-r--r-- 1 0 0 12 Mar 04 05:06 a.tif\n-rw-r--r-- 1 0 0 13 Mar 04 05:06 b.tif", []string{"a.tif 12", "b.tif 13"}},
		{"links, devices and sockets", "lrwxrwxrwx 1 0 0 5 Mar 04 05:06 l -> a.tif\r\ncrw-r--r-- 1 0 0 1, 3 Mar 04 05:06 null\r\nsrw-r--r-- 1 0 0 0 Mar 04 05:06 sock\r\n", []string{}},
		{"Windows", "03-04-26  05:06AM       <DIR>          none\r\n03-04-26  05:06AM                   12 a.tif\r\n", []string{"a.tif 12"}},
		{"MLSD in a LIST", "type=file;size=12;modify=20260304050607; a.tif\r\n", []string{"a.tif 12"}},
		{"MLSD of a link", "Type=OS.unix=slink:a.tif;Size=12;Modify=20260304050607; l.tif\r\n", []string{}},
		{"leading space", "-rw-r--r-- 1 0 0 12 Mar 04 05:06  a.tif\r\n", []string{" a.tif 12"}},
		{"a size beyond all", "-rw-r--r-- 1 0 0 18446744073709551615 Mar 04 05:06 a.tif\r\n", []string{"a.tif -1"}},
		{"upwards", "-rw-r--r-- 1 0 0 12 Mar 04 05:06 x/../../etc/passwd\r\n", []string{"x/../../etc/passwd failed"}},
		{"absolute", "-rw-r--r-- 1 0 0 12 Mar 04 05:06 /etc/passwd\r\n", []string{"/etc/passwd failed"}},
		{"a carriage return", "-rw-r--r-- 1 0 0 12 Mar 04 05:06 a\rDELE b.tif\r\n", []string{"a\rDELE b.tif failed"}},
		{"a folder upwards", "drwxr-xr-x 2 0 0 4096 Mar 04 05:06 ../in\r\n", []string{}},
		{"not a listing", "Sorry, this folder is closed.\r\n", nil},
		{"a size that is none", "-rw-r--r-- 1 0 0 12x Mar 04 05:06 a.tif\r\n", nil},
		{"one line of two", "-rw-r--r-- 1 0 0 12 Mar 04 05:06 a.tif\r\n?????????? ? ? ? b.tif\r\n", nil},
		{"empty", "", []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := serve(t, simOptions{NoMLSD: true, NoMDTM: true, Listing: func(dir string) (string, bool) { return c.text, dir == "out" }})
			if err := os.Mkdir(filepath.Join(r.dir, "out", "none"), 0o777); err != nil {
				t.Fatal(err)
			}
			list, err := r.connect(t, options{Get: "out"}, connectors.Setup{}).In.Pending(t.Context())
			if (err == nil) != (c.want != nil) {
				t.Fatalf("got %v, %v", list, err)
			}
			got := []string{}
			for _, rt := range list {
				if rt.Stage == connectors.Failed {
					got = append(got, rt.Name+" failed")
				} else {
					got = append(got, fmt.Sprintf("%s %d", rt.Name, rt.Size))
				}
			}
			if c.want != nil && !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzListing(f *testing.F) {
	f.Add("total 8\r\n-rw-r--r--    1 0 0   12 Mar 04 05:06 a b.tif\r\ndrwxr-xr-x 2 0 0 4096 Mar  4  2025 none\r\n", false)
	f.Add("type=file;size=12;modify=20260304050607; a\rb.tif\r\ntype=dir; ..\r\ntype=dir; /\r\n", true)
	f.Add("03-04-26  05:06AM       <DIR>          none\n; \n = ;\n", false)
	var text atomic.Value
	text.Store("")
	raw := func(dir string) (string, bool) { return text.Load().(string), dir == "out" }
	var bad atomic.Value
	watch := func(e ftpsim.Event) {
		if strings.ContainsFunc(e.Path, unicode.IsControl) || strings.Contains(e.Path, "..") {
			bad.Store(e)
		}
	}
	servers := map[bool]connectors.Connector{}
	for mlsd := range map[bool]bool{true: true, false: true} {
		r := serve(f, simOptions{NoMLSD: !mlsd, NoMDTM: true, Listing: raw, OnEvent: watch})
		servers[mlsd] = r.connect(f, options{Get: "out"}, connectors.Setup{})
	}
	f.Fuzz(func(t *testing.T, listing string, mlsd bool) {
		text.Store(listing)
		c := servers[mlsd]
		list, err := c.In.Pending(t.Context())
		if err != nil {
			return
		}
		for _, rt := range list {
			if rt.Stage != connectors.Ready {
				continue
			}
			if !layout.Ours(rt.Name) || rt.Size < -1 {
				t.Errorf("a name that may not be used: %q, %d bytes", rt.Name, rt.Size)
			}
			if _, name, err := c.In.(*source).resolve(rt.ID); err != nil || name != "out/"+rt.Name {
				t.Errorf("%q resolves to %q, %v", rt.ID, name, err)
			}
			c.In.Fetch(t.Context(), rt, io.Discard)
		}
		if e := bad.Load(); e != nil {
			t.Errorf("this reached the wire: %+v", e)
		}
	})
}
