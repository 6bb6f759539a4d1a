package creativeforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

func TestSpellingsOfAnMD5(t *testing.T) {
	sum := []byte{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	for how, want := range map[string]string{
		md5Grouped: "00112233-4455-6677-8899-AABBCCDDEEFF", md5GUID: "33221100-5544-7766-8899-AABBCCDDEEFF",
		md5Hex: "00112233445566778899aabbccddeeff", md5Base64: "ABEiM0RVZneImaq7zN3u/w==",
	} {
		if got := spell(sum, how); got != want {
			t.Errorf("%s: %s, want %s", how, got, want)
		}
	}
}

// A file of which nobody knows the MD5 is read twice, and must be the same.
func TestAFileThatChangesBetweenItsTwoReadings(t *testing.T) {
	w := newWorld(t, how{})
	w.sim.AddTask(shoe("J", "P"))
	w.land()
	p := w.vetted(photo("J/P/front.jpg", []byte("before")))
	reads := 0
	open := func() (io.ReadCloser, error) {
		reads++
		return opener([]byte(map[bool]string{true: "before", false: "after "}[reads == 1]))()
	}
	if _, err := w.Deliver(t.Context(), p, open, published); err == nil || refused(err) {
		t.Errorf("got %v, want it tried again", err)
	}
	if got := w.sim.Uploads(); len(got) != 0 || reads != 2 {
		t.Errorf("after %d readings the storage has %+v, want nothing after 2", reads, got)
	}
}

func TestAnAddressThatExpiredIsAskedForAnewOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{Options: creativeforcesim.Options{UploadLife: 10 * time.Second}})
		w.sim.AddTask(shoe("J", "P"))
		w.land()
		slow := func(times int) func() (io.ReadCloser, error) {
			return func() (io.ReadCloser, error) {
				if times--; times >= 0 {
					time.Sleep(11 * time.Second)
				}
				return opener([]byte("front"))()
			}
		}
		p := w.vetted(photo("J/P/front.jpg", []byte("front")))
		p.Digests.MD5 = fmt.Sprintf("%x", md5Of([]byte("front"))) // so that it is opened for sending only
		calls := 0
		if _, err := w.Deliver(t.Context(), p, slow(1), func() error { calls++; return nil }); err != nil || calls != 1 {
			t.Errorf("expired once: %v with %d calls of publish, want none and 1", err, calls)
		}
		if n := w.sim.Requests("presign"); n != 2 || len(w.sim.Uploads()) != 1 {
			t.Errorf("%d addresses for %d uploads, want 2 for 1", n, len(w.sim.Uploads()))
		}
		p = w.vetted(photo("J/P/back.jpg", []byte("front")))
		p.Digests.MD5 = fmt.Sprintf("%x", md5Of([]byte("front")))
		if _, err := w.Deliver(t.Context(), p, slow(9), published); err == nil {
			t.Error("always expired: it went through")
		}
		if n := w.sim.Requests("presign"); n != 4 {
			t.Errorf("%d addresses, want 4", n)
		}
	})
}

func TestErrorsOfFilesInsideA200(t *testing.T) {
	for code, want := range map[int]error{1: connectors.ErrRejected, 3: connectors.ErrRejected, 11: connectors.ErrRejected, 12: connectors.ErrRejected, 13: connectors.ErrRejected, 14: connectors.ErrDenied, 99: connectors.ErrRejected} {
		w := newWorld(t, how{})
		w.sim.AddTask(shoe("J", "P"))
		w.land()
		w.http = &http.Client{Transport: answering{w.http.Transport, "get-presigned-url", fmt.Sprintf(`{"headers":{},"files":[],"errorFiles":[{"errorCode":%d}]}`, code)}}
		w.account = w.restart()
		calls := 0
		_, err := w.Deliver(t.Context(), w.vetted(photo("J/P/front.jpg", []byte("x"))), opener([]byte("x")), func() error { calls++; return nil })
		if !errors.Is(err, want) || calls != 0 || !strings.Contains(fmt.Sprint(err), fmt.Sprint(code)) {
			t.Errorf("code %d: %v and %d calls of publish, want %v and none", code, err, calls, want)
		}
	}
	w := newWorld(t, how{yaml: "file_type: 11"})
	w.sim.AddTask(shoe("J", "P"))
	w.land()
	if _, err := w.Deliver(t.Context(), w.vetted(photo("J/P/front.jpg", []byte("x"))), opener([]byte("x")), published); !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "file_type") {
		t.Errorf("a wrong file_type: %v", err)
	}
}

// answering gives one answer to all requests of which the path holds a word.
type answering struct {
	http.RoundTripper
	path, body string
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.Contains(r.URL.Path, a.path) {
		return a.RoundTripper.RoundTrip(r)
	}
	if r.Body != nil {
		r.Body.Close()
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

func TestOddAnswersToAnUpload(t *testing.T) {
	for name, body := range map[string]string{
		"nothing": `{}`, "no address": `{"files":[{"tempAssetId":"a"}]}`, "no id": `{"files":[{"presignedUrl":"http://127.0.0.1/x"}]}`,
		"two places":  `{"files":[{"presignedUrl":"http://127.0.0.1/x","tempAssetId":"a"},{"presignedUrl":"http://127.0.0.1/y","tempAssetId":"b"}]}`,
		"another's":   `{"files":[{"presignedUrl":"http://127.0.0.1/x","tempAssetId":"a","localId":"other"}]}`,
		"no JSON":     `<html>`,
		"far away":    `{"files":[{"presignedUrl":"http://evil.example/x?sig=1","tempAssetId":"a"}]}`,
		"plain":       `{"files":[{"presignedUrl":"http://x.amazonaws.com.evil.example/x","tempAssetId":"a"}]}`,
		"with a user": `{"files":[{"presignedUrl":"https://u:p@x.amazonaws.com/x","tempAssetId":"a"}]}`,
		"a file":      `{"files":[{"presignedUrl":"file:///etc/passwd","tempAssetId":"a"}]}`,
	} {
		w := newWorld(t, how{})
		w.sim.AddTask(shoe("J", "P"))
		w.land()
		w.http = &http.Client{Transport: answering{w.http.Transport, "get-presigned-url", body}}
		w.account = w.restart()
		calls := 0
		_, err := w.Deliver(t.Context(), w.vetted(photo("J/P/front.jpg", []byte("x"))), opener([]byte("x")), func() error { calls++; return nil })
		if err == nil || calls != 0 || w.sim.Requests("put") != 0 || hidden(err.Error()) || strings.Contains(err.Error(), "sig=") {
			t.Errorf("%s: %v, %d calls of publish", name, err, calls)
		}
	}
}

// Storage lies elsewhere, and never sees the token: the simulator refuses it.
func TestStorageOnAnotherHost(t *testing.T) {
	for name, c := range map[string]struct {
		yaml  string
		fails bool
	}{
		"a host that is not known":   {"", true},
		"one that is written down":   {"hosts: [storage.example]", false},
		"a domain":                   {"hosts: ['*.example']", true}, // refused: too wide to be meant
		"a domain with a name of it": {"hosts: ['*.storage.example', storage.example]", false},
	} {
		if strings.Contains(c.yaml, "*.example") {
			if _, err := newAccount(setupOf(c.yaml, nil)); err == nil {
				t.Errorf("%s: it was taken", name)
			}
			continue
		}
		w := newWorld(t, how{Options: creativeforcesim.Options{StorageFrom: "http://storage.example"}, yaml: c.yaml})
		w.sim.AddTask(shoe("J", "P"))
		rts := w.pending()
		fetch := w.Fetch(t.Context(), rts[0], io.Discard)
		_, deliver := w.Deliver(t.Context(), w.vetted(photo("J/P/front.jpg", []byte("x"))), opener([]byte("x")), published)
		for what, err := range map[string]error{"Fetch": fetch, "Deliver": deliver} {
			if (err != nil) != c.fails || c.fails && (!errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "hosts")) {
				t.Errorf("%s, %s: %v, want failure %v", name, what, err, c.fails)
			}
		}
	}
}

func TestSignedHeadersAreReplayed(t *testing.T) {
	w := newWorld(t, how{})
	w.sim.AddTask(shoe("J", "P"))
	w.land()
	var got http.Header
	w.http = &http.Client{Transport: spy{w.http.Transport, func(r *http.Request) {
		if r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, "/storage/") {
			got = r.Header.Clone()
			got.Set("Length", fmt.Sprint(r.ContentLength))
		}
	}}}
	w.account = w.restart()
	w.mustSend("J/P/front.jpg", "front")
	for name, want := range map[string]string{"X-Amz-Server-Side-Encryption": "AES256", "Content-Type": "image/jpeg", "Length": "5", "Authorization": ""} {
		if got.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Get(name), want)
		}
	}
}

type spy struct {
	http.RoundTripper
	see func(*http.Request)
}

func (s spy) RoundTrip(r *http.Request) (*http.Response, error) {
	s.see(r)
	return s.RoundTripper.RoundTrip(r)
}

func TestHeadersThatWouldSteerTheRequestAreNot(t *testing.T) {
	var h headers
	if err := json.Unmarshal([]byte(`{"Host":"evil.example","Content-Length":1,"authorization":"x","x-amz-acl":"private"}`), &h); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, how{})
	w.sim.AddTask(shoe("J", "P"))
	w.land()
	var seen http.Header
	w.http = &http.Client{Transport: spy{w.http.Transport, func(r *http.Request) { seen = r.Header.Clone() }}}
	w.account = w.restart()
	t0 := ticket{place: place{PresignedURL: "http://127.0.0.1/storage/x/y", TempAssetID: "x"}, headers: h}
	w.put(t.Context(), t0, photo("a.jpg", []byte("a")), md5Of([]byte("a")), opener([]byte("a")), published) // it is refused
	if seen.Get("Authorization") != "" || seen.Get("Content-Length") != "" || seen.Get("Host") != "" || seen.Get("X-Amz-Acl") != "private" {
		t.Errorf("sent %v", seen)
	}
	var list headers
	if err := json.Unmarshal([]byte(`[{"key":"a","value":"1"},{"Name":"b","Value":2},{}]`), &list); err != nil || !slices.Equal(list.names(), []string{"a", "b"}) {
		t.Errorf("a list gave %v, %v", list, err)
	}
}

// What was lost sight of is found by its temporary id, where the platform tells;
// else it is uploaded again, which harms nothing.
func TestAnUploadOfUnknownOutcome(t *testing.T) {
	for _, hide := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, how{Options: creativeforcesim.Options{HideTemp: hide}})
			id := w.sim.AddTask(shoe("J", "P"))
			w.land()
			p := w.vetted(photo("J/P/front.jpg", []byte("front")))
			w.faults.Then("put", faults.Fault{LoseReply: true})
			if _, err := w.Deliver(t.Context(), p, opener([]byte("front")), published); err == nil {
				t.Fatal("no error")
			}
			w.account = w.restart()
			found, err := w.Find(t.Context(), []connectors.Photo{p})
			if err != nil || found[0].Zero() != hide {
				t.Fatalf("hidden %v: Find gives %+v, %v", hide, found, err)
			}
			batch, receipts := w.sendAll("J/P", "")
			w.submitted(batch, receipts)
			w.wantOnce(id, 1)
		})
	}
}
