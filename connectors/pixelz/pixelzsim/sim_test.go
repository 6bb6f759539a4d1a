package pixelzsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A client of its own, with nothing of the connector in it.
type far struct {
	t    *testing.T
	sim  *Sim
	http *http.Client
}

func run(t *testing.T, opt Options) far {
	t.Helper()
	opt.Email, opt.Key = "a@b.example", "key"
	listener, client := Pipe()
	if opt.HTTP == nil {
		opt.HTTP = client
	}
	sim := New(opt)
	served := make(chan error, 1)
	go func() { served <- sim.Serve(listener) }()
	t.Cleanup(func() {
		client.CloseIdleConnections()
		sim.Close()
		sim.Close() // a second time is nothing
		listener.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return far{t, sim, client}
}

func (f far) send(method, address, contentType string, body io.Reader) (int, string) {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, address, body)
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	resp, err := f.http.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, strings.TrimSpace(string(text))
}

const home = "http://pixelz.example"

// call makes a call of the API with the login where it belongs.
func (f far) call(method, path string, fields map[string]any) (int, string) {
	f.t.Helper()
	login := map[string]any{"contactEmail": "a@b.example", "contactAPIkey": "key"}
	for name, value := range fields {
		login[name] = value
	}
	if method == "GET" {
		q := url.Values{}
		for name, value := range login {
			q.Set(name, fmt.Sprint(value))
		}
		return f.send(method, home+Base+path+"?"+q.Encode(), "application/json", nil)
	}
	text, err := json.Marshal(login)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.send(method, home+Base+path, "application/json; charset=UTF-8", bytes.NewReader(text))
}

// put uploads content and returns where it can be read.
func (f far) put(name, content string) string {
	f.t.Helper()
	var places []struct{ UploadUrl, DownloadUrl string }
	_, text := f.call("POST", "/RequestPresignUrls", map[string]any{"imageNames": []string{name}})
	if err := json.Unmarshal([]byte(text), &places); err != nil || len(places) != 1 {
		f.t.Fatalf("%s: %v", text, err)
	}
	if status, text := f.send("PUT", places[0].UploadUrl, "application/octet-stream", strings.NewReader(content)); status != 200 {
		f.t.Fatalf("%d %s", status, text)
	}
	return places[0].DownloadUrl
}

func (f far) order(fields map[string]any) (ticket, text string) {
	f.t.Helper()
	_, text = f.call("POST", "/Image", fields)
	var reply struct{ ImageTicket string }
	json.Unmarshal([]byte(text), &reply) // a failure has none
	return reply.ImageTicket, text
}

func (f far) plain(name, content string) string {
	f.t.Helper()
	ticket, text := f.order(map[string]any{"imageURL": f.put(name, content), "templateId": "101", "customerImageId": name})
	if ticket == "" {
		f.t.Fatal(text)
	}
	return ticket
}

func (f far) wantStatus(ticket, want string) {
	f.t.Helper()
	if _, text := f.call("GET", "/Image/"+ticket, nil); !strings.Contains(text, want) {
		f.t.Errorf("got %s, want %s in it", text, want)
	}
}

func TestLogin(t *testing.T) {
	for _, numeric := range []bool{false, true} {
		f := run(t, Options{Numeric: numeric})
		want := map[bool]string{false: `"ErrorCode":"AuthenticationFailed"`, true: `"ErrorCode":1`}[numeric]
		for _, fields := range []map[string]any{{"contactEmail": "x"}, {"contactAPIkey": "x"}, {"contactAPIkey": ""}} {
			for _, method := range []string{"GET /Contact", "GET /Templates", "GET /Images", "GET /Image/nonticket", "GET /Image/x", "POST /Image", "POST /RequestPresignUrls", "PUT /Image/Reject/x", "DELETE /Image/x"} {
				verb, path, _ := strings.Cut(method, " ")
				if status, text := f.call(verb, path, fields); status != 200 || !strings.Contains(text, want) {
					t.Errorf("%s %v: %d %s", method, fields, status, text)
				}
			}
		}
		if status, text := f.send("POST", home+Base+"/Image?contactEmail=a@b.example&contactAPIkey=key", "application/json", strings.NewReader("{}")); status != 200 || !strings.Contains(text, want) {
			t.Errorf("the login of a POST stands in its body: %d %s", status, text)
		}
		if _, text := f.send("GET", home+Base+"/Contact?contactEmail=a@b.example&contactAPIkey=key", "text/plain", nil); !strings.Contains(text, "Content-Type") {
			t.Errorf("got %s", text)
		}
	}
}

func TestOrders(t *testing.T) {
	f := run(t, Options{})
	at := f.put("shoe 1.jpg", "a picture")
	fields := map[string]any{"imageURL": at, "templateId": 101, "customerImageId": "job", "comment": "c", "customerFolder": "b"}
	ticket, text := f.order(fields)
	if ticket == "" || !strings.Contains(text, `"ErrorCode":"NoError"`) {
		t.Fatal(text)
	}
	o := f.sim.Orders()[0]
	if o.Ticket != ticket || o.Name != "shoe 1.jpg" || o.Template != "101" || o.Size != 9 || o.SHA256 != digest("a picture") || o.Comment != "c" || o.Folder != "b" {
		t.Errorf("got %+v", o)
	}
	second, _ := f.order(fields)
	if twice := f.sim.OrderedTwice(); second == ticket || !reflect.DeepEqual(twice, []string{"job"}) {
		t.Errorf("ordered twice are %q", twice)
	}
	for want, change := range map[string]map[string]any{
		"TemplateNotFound": {"templateId": "7"},
		"imageURL":         {"imageURL": "shoe.jpg"},
		"at least 24":      {"imageDeadlineDateTimeUTC": time.Now().Add(time.Hour).UTC().Format("2006-01-02 15:04:05")},
		"24 hours":         {"imageDeadlineDateTimeUTC": "tomorrow"},
	} {
		bad := map[string]any{"imageURL": at, "templateId": 101}
		for name, value := range change {
			bad[name] = value
		}
		if ticket, text := f.order(bad); ticket != "" || !strings.Contains(text, want) {
			t.Errorf("%v: %s", change, text)
		}
	}
	if n := len(f.sim.Orders()); n != 2 {
		t.Errorf("%d orders", n)
	}
	if _, text := f.call("GET", "/Image/nonticket", map[string]any{"customerImageId": "job"}); !strings.Contains(text, ticket) {
		t.Errorf("the look-up gave %s", text)
	}
	for _, id := range []string{"other", ""} {
		if _, text := f.call("GET", "/Image/nonticket", map[string]any{"customerImageId": id}); !strings.Contains(text, "ImageNotFound") {
			t.Errorf("the look-up of %q gave %s", id, text)
		}
	}
}

func TestStorage(t *testing.T) {
	f := run(t, Options{})
	at := f.put("a.jpg", "a picture")
	if status, text := f.send("GET", at, "", nil); status != 200 || text != "a picture" {
		t.Errorf("%d %s", status, text)
	}
	for what, address := range map[string]string{"unsigned": strings.Split(at, "?")[0], "another's": strings.Replace(at, "/in/1/", "/in/2/", 1), "wrong": at + "0"} {
		if status, _ := f.send("GET", address, "", nil); status != 404 {
			t.Errorf("%s: read, %d", what, status)
		}
		if status, _ := f.send("PUT", address, "application/octet-stream", strings.NewReader("x")); status != 403 {
			t.Errorf("%s: written, %d", what, status)
		}
	}
	if ticket, _ := f.order(map[string]any{"imageURL": at + "0", "templateId": 101}); f.sim.Produce(ticket) != nil || f.sim.Orders()[0].Status != StatusFailed {
		t.Errorf("what cannot be read became %+v", f.sim.Orders()[0])
	}
	g := run(t, Options{NoPresign: true})
	if _, text := g.call("POST", "/RequestPresignUrls", map[string]any{"imageNames": []string{"a"}}); !strings.Contains(text, "PresignNotEnabled") {
		t.Error(text)
	}
	if _, text := f.call("POST", "/RequestPresignUrls", nil); !strings.Contains(text, "imageNames is missing") {
		t.Error(text)
	}
}

// Photos may also lie elsewhere.
func TestPhotosFromElsewhere(t *testing.T) {
	elsewhere := roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/public/a.jpg" {
			return &http.Response{StatusCode: 404, Body: http.NoBody}, nil
		}
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("from there"))}, nil
	})
	f := run(t, Options{HTTP: &http.Client{Transport: elsewhere}})
	good, _ := f.order(map[string]any{"imageURL": "https://gs.example/public/a.jpg", "templateId": 101})
	bad, _ := f.order(map[string]any{"imageURL": "https://gs.example/gone.jpg", "templateId": 101})
	for _, ticket := range []string{good, bad} {
		if err := f.sim.Produce(ticket); err != nil {
			t.Error(err)
		}
	}
	f.wantStatus(good, `"StatusId":80`)
	f.wantStatus(bad, `"ErrorMessage":"The image could not be downloaded"`)
	if got := f.sim.Original(good); string(got) != "from there" || f.sim.Original(bad) != nil {
		t.Errorf("got %q", got)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestProduction(t *testing.T) {
	f := run(t, Options{Extra: []string{".psd"}})
	ticket := f.plain("a.jpg", "picture")
	f.wantStatus(ticket, `"StatusId":10`)
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { return f.sim.Begin(ticket) }, `"StatusId":60`},
		{func() error { return f.sim.SetStatus(ticket, 42, "odd") }, `"StatusName":"odd"`},
		{func() error { return f.sim.Fail(ticket, "why") }, `"ErrorMessage":"why"`},
		{func() error { return f.sim.Produce(ticket) }, `/storage/out/` + ticket + `/1/a.psd"`},
	} {
		if err := step.do(); err != nil {
			t.Error(err)
		}
		f.wantStatus(ticket, step.want)
	}
	f.wantStatus(ticket, `"StatusId":80`)
	f.wantStatus(ticket, home+"/storage/out/"+ticket+"/1/a.psd")
	if status, text := f.send("GET", home+"/storage/out/"+ticket+"/1/a.jpg", "", nil); status != 200 || text != "picture\nretouched" {
		t.Errorf("%d %q", status, text)
	}
	for _, path := range []string{"/2/a.jpg", "/1/b.jpg", "/1/a.jpg?contactAPIkey=key"} {
		if status, _ := f.send("GET", home+"/storage/out/"+ticket+path, "", nil); status/100 != 4 {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, err := range []error{f.sim.Begin("x"), f.sim.Produce("x"), f.sim.Fail("x", ""), f.sim.SetStatus("x", 1, "")} {
		if err == nil {
			t.Error("an order that does not exist was changed")
		}
	}
}
