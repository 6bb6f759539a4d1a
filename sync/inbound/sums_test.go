package inbound

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func md5Of(content []byte) string { sum := md5.Sum(content); return hex.EncodeToString(sum[:]) }

func TestIsSums(t *testing.T) {
	for name, want := range map[string]bool{
		"0001.tif.sha256": true, "0001.tif.MD5": true, "a/SHA256SUMS": true, "MD5SUMS": true, "checksums.txt": true, "sha256sums.txt": true, "checksums.md5": true,
		"0001.tif": false, "sha256": false, "my-checksums.tif": false, "md5": false,
	} {
		if got := isSums(name); got != want {
			t.Errorf("isSums(%q) = %v", name, got)
		}
	}
}

func TestParseSums(t *testing.T) {
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 32)
	list := "\ufeff" + a + "  0001.tif\r\n" + strings.ToUpper(b) + " *./set/0002.TIF\n# a remark\nSHA256 (0003.tif) = " + a + "\n" +
		"abc  0004.tif\n\n" + strings.Repeat("c", 33) + "  0005.tif\n"
	got := parseSums("SHA256SUMS", list)
	want := sums{"0001.tif": {a}, "0002.tif": {b}, "0003.tif": {a}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := parseSums("x/0001.tif.md5", b+"\n"); len(got) != 1 || got["0001.tif"][0] != b {
		t.Errorf("a digest alone: %v, want it of 0001.tif", got)
	}
}

func TestDisagree(t *testing.T) {
	d := connectors.Digests{SHA256: strings.Repeat("a", 64), MD5: strings.Repeat("b", 32)}
	bad := strings.Repeat("f", 64)
	for _, c := range []struct {
		listed []string
		want   bool
	}{
		{nil, false}, {[]string{d.SHA256}, false}, {[]string{bad}, true}, {[]string{bad, d.SHA256}, false},
		{[]string{d.MD5, d.SHA256}, false}, {[]string{d.MD5, bad}, true},
	} {
		if got := (sums{"0001.tif": c.listed}).disagree("set/0001.TIF", d); got != c.want {
			t.Errorf("listed %.4q: disagree is %v", c.listed, got)
		}
	}
}

func TestChecksumsBesideAPictureAreObeyedAndDoNotLand(t *testing.T) {
	content := photo(1)
	for list, text := range map[string]string{
		"0001.jpg.sha256": "%[1]s\n", "0001.jpg.md5": "%[2]s *0001.jpg", "SHA256SUMS": "%[1]s  0001.jpg\n", "checksums.txt": "MD5 (0001.jpg) = %[2]s",
	} {
		t.Run(list, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.sent("one", "0001.CR3")
				r.remote.Return("job/"+list, fmt.Appendf(nil, text, sha(photo(2)), md5Of(photo(2))))
				r.remote.Return("job/0001.jpg", content)
				r.remote.Return("SHA256SUMS", []byte(sha(photo(3))+"  0001.jpg")) // of another folder
				r.start()
				pass(time.Minute)
				r.wantFiles("retouched", nil)
				r.wantState(id("job/0001.jpg", content), ledger.Queued, "is not what its checksum in "+list+" says")
				r.remote.Withdraw("job/" + list)
				r.remote.Return("job/"+list, fmt.Appendf(nil, text, sha(content), md5Of(content)))
				pass(10 * time.Minute)
				r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
				r.wantFiles("quarantine", nil)
			})
		})
	}
}
