package watch

import (
	"strings"
	"testing"
)

func TestSkipReason(t *testing.T) {
	tests := []struct {
		skip  Skip
		name  string
		isDir bool
		want  string // part of the reason; empty: goes
	}{
		{name: "0001.CR3"},
		{name: "look 1/0001.jpg"},
		{name: "look 1", isDir: true},
		{name: "été \xff\n.jpg"},
		{name: ".studio-0a1b.part", want: "studio-agent"},
		{name: "a/.STUDIO-0a1b.PART", want: "studio-agent"},
		{name: ".DS_Store", want: "hidden"},
		{name: "sub/._0001.jpg", want: "hidden"},
		{name: ".Trashes", isDir: true, want: "hidden"},
		{name: ".Spotlight-V100", isDir: true, want: "hidden"},
		{name: "Thumbs.db", want: "operating system"},
		{name: "DESKTOP.INI", want: "operating system"},
		{name: "$RECYCLE.BIN", isDir: true, want: "operating system"},
		{name: "System Volume Information", isDir: true, want: "operating system"},
		{name: "@eaDir", isDir: true, want: "operating system"},
		{name: "#recycle", isDir: true, want: "operating system"},
		{name: "~$brief.docx", want: "temporary"},
		{name: ".~lock.brief.odt#", want: "temporary"},
		{name: "0001.jpg~", want: "temporary"},
		{name: "0001.jpg.TMP", want: "temporary"},
		{name: "0001.temp", want: "temporary"},
		{name: "0001.jpg.part", want: "temporary"},
		{name: "0001.jpg.filepart", want: "temporary"},
		{name: "0001.jpg.crdownload", want: "temporary"},
		{name: "0001.lock", want: "temporary"},
		{name: "day.part", isDir: true},
		{name: "CaptureOne", isDir: true, want: "Capture One"},
		{name: "CaptureOne"},
		{name: "shoot.cosessiondb", want: "Capture One"},
		{name: "shoot.cosessiondb-wal", want: "Capture One"},
		{name: "0001.cr3.cos", want: "Capture One"},
		{name: "0001.comask", want: "Capture One"},
		{name: "all.cocatalogdb", want: "Capture One"},
		{name: "all.cocatalog", isDir: true, want: "Capture One"},
		{name: "all.lrcat-wal", want: "Lightroom"},
		{name: "all Previews.lrdata", isDir: true, want: "Lightroom"},
		{name: "Photo Mechanic Cache", isDir: true, want: "Photo Mechanic"},
		{name: "0001.XMP", want: "metadata beside a picture"},
		{name: "0001.dop", want: "metadata beside a picture"},
		{name: "MVI_0001.THM", want: "metadata beside a picture"},

		{skip: Skip{Sidecars: true}, name: "a/0001.XMP"},
		{skip: Skip{Sidecars: true}, name: "0001.CR3.xmp"},
		{skip: Skip{Sidecars: true}, name: "0001.dop", want: "metadata beside a picture"},
		{skip: Skip{Sidecars: true}, name: "._0001.xmp", want: "hidden"},
		{skip: Skip{Sidecars: true}, name: "0001.xmp.tmp", want: "temporary"},
		{skip: Skip{Sidecars: true}, name: ".xmp", isDir: true, want: "hidden"},
		{skip: Skip{Sidecars: true, Include: []string{"*.cr3"}}, name: "0001.xmp"},
		{skip: Skip{Sidecars: true, Include: []string{"*.cr3"}}, name: "0001.jpg", want: "not in `include`"},
		{skip: Skip{Sidecars: true, Include: []string{"*.cr3"}}, name: "._0001.xmp", want: "hidden"},
		{skip: Skip{Sidecars: true, Exclude: []string{"*.xmp"}}, name: "0001.xmp", want: "`exclude: *.xmp`"},
		{skip: Skip{Include: []string{"*.xmp"}}, name: "0001.xmp"},

		{skip: Skip{Exclude: []string{"tests/**"}}, name: "Tests", isDir: true, want: "`exclude: tests/**`"},
		{skip: Skip{Exclude: []string{"*_Test.jpg"}}, name: "a/b/0001_test.JPG", want: "`exclude: *_Test.jpg`"},
		{skip: Skip{Exclude: []string{"a/*.jpg"}}, name: "a/b/1.jpg"},
		{skip: Skip{Exclude: []string{"["}}, name: "1.jpg"},
		{skip: Skip{Include: []string{"*.jpg"}}, name: "a/1.JPG"},
		{skip: Skip{Include: []string{"*.jpg"}}, name: "a", isDir: true},
		{skip: Skip{Include: []string{"*.jpg"}}, name: "a/1.cr3", want: "not in `include`"},
		{skip: Skip{Include: []string{"*.jpg"}}, name: "a/1.xmp", want: "metadata"},
		{skip: Skip{Include: []string{"**/*.jpg"}, Exclude: []string{"a/**"}}, name: "a/1.jpg", want: "exclude"},
		{skip: Skip{Include: []string{"*.xmp", "*.jpg"}}, name: "1.xmp"},
		{skip: Skip{Include: []string{"**/*"}}, name: ".hidden.jpg"},
		{skip: Skip{Include: []string{"**/*"}}, name: "1.jpg.part", want: "temporary"},
		{skip: Skip{Include: []string{"**/*"}}, name: ".studio-1.part", want: "studio-agent"},
		{skip: Skip{Include: []string{".out/*.jpg"}}, name: ".OUT", isDir: true},
		{skip: Skip{Include: []string{".out/*.jpg"}}, name: ".other", isDir: true, want: "hidden"},
		{skip: Skip{Apart: []string{"Retouched [new]"}}, name: "retouched [new]", isDir: true, want: "of its own"},
		{skip: Skip{Apart: []string{"x"}, Include: []string{"**"}}, name: "x", isDir: true, want: "of its own"},
		{skip: Skip{Apart: []string{"x"}}, name: "x"},
	}
	for _, tt := range tests {
		got := tt.skip.Reason(tt.name, tt.isDir)
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%+v.Reason(%q, %v) = %q, want %q", tt.skip, tt.name, tt.isDir, got, tt.want)
		}
	}
}
