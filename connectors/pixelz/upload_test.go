package pixelz

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

// Whatever goes wrong before the order, nothing is ordered, and nothing is said
// about photo or account that is not so.
func TestTroubleBeforeTheOrder(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 10_000)
	tests := map[string]struct {
		op    string
		fault faults.Fault
		want  string
	}{
		"presign cut":            {"presign", faults.Fault{Cut: -1}, "later"},
		"presign 403":            {"presign", faults.Fault{Status: 403}, "later"},
		"presign 401":            {"presign", faults.Fault{Status: 401}, "denied"},
		"presign 429":            {"presign", faults.Fault{Status: 429}, "throttled"},
		"presign reply lost":     {"presign", faults.Fault{LoseReply: true}, "later"},
		"upload not begun":       {"upload", faults.Fault{Cut: -1}, "later"},
		"upload cut":             {"upload", faults.Fault{Cut: 50_000}, "later"},
		"upload cut at the end":  {"upload", faults.Fault{Cut: 99_999}, "later"},
		"upload reply lost":      {"upload", faults.Fault{LoseReply: true}, "later"},
		"upload 500 after":       {"upload", faults.Fault{FailAfter: 500}, "later"},
		"signature too old":      {"upload", faults.Fault{Status: 403}, "later"},
		"storage wants a login":  {"upload", faults.Fault{Status: 401}, "later"},
		"storage is gone":        {"upload", faults.Fault{Status: 404}, "later"},
		"storage asks for peace": {"upload", faults.Fault{Status: 503}, "later"},
		"too large":              {"upload", faults.Fault{Status: 413}, "rejected"},
		"templates cut":          {"templates", faults.Fault{Cut: 10}, "later"},
		"templates 403":          {"templates", faults.Fault{Status: 403}, "later"},
		"look-up cut":            {"lookup", faults.Fault{Cut: 5}, "later"},
		"look-up 401":            {"lookup", faults.Fault{Status: 401}, "denied"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, how{})
			w.faults.Then(tt.op, tt.fault)
			p := photo("a.jpg", content)
			_, err := w.Deliver(t.Context(), p, opener(content), func() error { t.Error("publish was called"); return nil })
			if got := meaning(err); got != tt.want {
				t.Errorf("got %s (%v), want %s", got, err, tt.want)
			}
			if n := len(w.sim.Orders()); n != 0 {
				t.Errorf("%d orders", n)
			}
			if tt.want == "throttled" {
				return
			}
			if _, err := w.deliver(t.Context(), p, content); err != nil || len(w.sim.Orders()) != 1 || w.sim.Orders()[0].Size != int64(len(content)) {
				t.Errorf("once it is well: %v, %+v", err, w.sim.Orders())
			}
		})
	}
}

func TestWhatPresignMayAnswer(t *testing.T) {
	tests := map[string]struct {
		reply string
		want  string // place, lacks, or a meaning
	}{
		"a list":           {`[{"UploadUrl":"https://s3.example/a","DownloadUrl":"https://s3.example/b"}]`, "place"},
		"other case":       {`[{"uploadURL":"https://s3.example/a","downloadURL":"https://s3.example/b"}]`, "place"},
		"wrapped":          {`{"ErrorCode":"NoError","Urls":[{"UploadUrl":"https://s3.example/a","DownloadUrl":"https://s3.example/b"}]}`, "place"},
		"an error":         {`{"ErrorCode":"PresignNotEnabled","Message":"not for you"}`, "lacks"},
		"an error, number": {`{"ErrorCode":31,"Message":"not for you"}`, "lacks"},
		"not there":        {`404|<html>`, "lacks"},
		"login":            {`{"ErrorCode":"AuthenticationFailed"}`, "denied"},
		"trouble":          {`{"ErrorCode":"InternalServerError"}`, "later"},
		"two":              {`[{"UploadUrl":"https://s3.example/a","DownloadUrl":"x"},{"UploadUrl":"https://s3.example/a"}]`, "later"},
		"none":             {`[]`, "later"},
		"half":             {`[{"UploadUrl":"https://s3.example/a"}]`, "later"},
		"nothing":          {`{}`, "later"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := answering(t, scripted{"/RequestPresignUrls": tt.reply}).presign(t.Context(), "a.jpg")
			got := meaning(err)
			if errors.Is(err, errLacks) {
				got = "lacks"
			} else if err == nil {
				got = "place"
			}
			if got != tt.want {
				t.Errorf("got %s (%v), want %s", got, err, tt.want)
			}
		})
	}
}

// A photo is put nowhere but to a public server, encrypted.
func TestWherePhotosArePut(t *testing.T) {
	for address, fine := range map[string]bool{
		"https://bucket.s3.amazonaws.com/a?sig=1": true, "https://anything.example/a": true,
		"http://bucket.s3.amazonaws.com/a?sig=1": false, "https://10.0.0.1/a": false, "https://[::1]/a": false, "https://localhost/a": false,
		"https://u:p@host.example/a": false, "ftp://host.example/a": false, "/a": false, "https:a": false, "%": false,
	} {
		a := answering(t, scripted{
			"/RequestPresignUrls": `[{"UploadUrl":"` + address + `","DownloadUrl":"https://s3.example/b"}]`, "/Image/nonticket": `{"ErrorCode":"ImageNotFound"}`,
			"/Image": `{"ImageTicket":"t1"}`,
		})
		_, err := a.Deliver(t.Context(), photo("a.jpg", []byte("a")), opener([]byte("a")), published)
		if (err == nil) != fine {
			t.Errorf("%s: %v", address, err)
		}
		if err != nil && (meaning(err) != "later" || strings.Contains(err.Error(), "sig=1")) {
			t.Errorf("%s: %v, which shows too much or means too much", address, err)
		}
	}
}

func TestAnUploadEndsWithItsContext(t *testing.T) {
	w := newWorld(t, how{})
	w.faults.Then("upload", faults.Fault{Delay: time.Hour})
	content := bytes.Repeat([]byte("x"), 1<<20)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := w.deliver(ctx, photo("a.jpg", content), content)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestExactly(t *testing.T) {
	errCard := errors.New("the card was pulled out")
	tests := map[string]struct {
		source io.Reader
		want   string // in the error; "" means none
	}{
		"just so":              {strings.NewReader("12345"), ""},
		"in pieces":            {io.MultiReader(strings.NewReader("1"), strings.NewReader("23"), strings.NewReader("45")), ""},
		"shorter":              {strings.NewReader("1234"), "shorter than 5 bytes"},
		"empty":                {strings.NewReader(""), "shorter than 5 bytes"},
		"longer":               {strings.NewReader("123456"), "longer than 5 bytes"},
		"broken":               {io.MultiReader(strings.NewReader("12"), broken{errCard}), "pulled out"},
		"broken after the end": {io.MultiReader(strings.NewReader("12345"), broken{errCard}), "pulled out"},
	}
	for name, tt := range tests {
		e := &exactly{name: "a.jpg", size: 5, left: 5, open: func() (io.ReadCloser, error) { return io.NopCloser(tt.source), nil }}
		if err := errors.Join(e.Close(), e.begin()); err != nil { // it may be closed before it is opened
			t.Fatal(err)
		}
		got, err := io.ReadAll(e)
		switch {
		case tt.want == "" && (err != nil || string(got) != "12345"):
			t.Errorf("%s: %q, %v", name, got, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || len(got) == 5):
			t.Errorf("%s: %q, %v; want it to say %q and to hold the end back", name, got, err, tt.want)
		}
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func TestNameThere(t *testing.T) {
	for id, want := range map[string]string{"0123456789abcdef": "01234567-a b.jpg", "01": "01-a b.jpg", "": "-a b.jpg"} {
		if got := nameThere(connectors.Photo{ID: id, Name: "x/a b.jpg"}); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}
