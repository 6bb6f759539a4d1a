package grandshootingsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// read gets an address as somebody without a login, or with the given one.
func (f far) read(address, login string) (int, []byte) {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	if login != "" {
		r.Header.Set("Authorization", login)
	}
	resp, err := f.http.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return resp.StatusCode, raw
}

func TestPublicURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := run(t, Options{Rate: -1, Keep: true})
		b := f.sim.AddProduction("Autumn", 10, 20)[0]
		f.upload(b, "/", "a.jpg", "content")
		id := f.sim.Pictures()[0].ID
		ask := func(body string) (int, string) {
			status, _, text := f.send("POST", fmt.Sprintf("/picture/%d/publicurl", id), nil, strings.NewReader(body))
			var answer struct{ URL string }
			json.Unmarshal([]byte(text), &answer) // an error has none
			return status, answer.URL
		}
		for body, want := range map[string]int{`{"validity":604800}`: 200, `{"validity":604801}`: 400, `{"validity":0}`: 400, `{"picturestatus":31}`: 400, `x`: 400} {
			if status, _ := ask(body); status != want {
				t.Errorf("%s: %d, want %d", body, status, want)
			}
		}
		_, address := ask(`{"validity":60}`)
		_, choosing := ask(`{"picturestatus":30}`)
		for range 2 {
			if status, got := f.read(address, ""); status != 200 || string(got) != "content" {
				t.Errorf("got %d %s", status, got)
			}
			f.read(choosing, "")
		}
		if changes := f.sim.StatusChanges(); len(changes) != 2 || changes[1].To != 30 {
			t.Errorf("a status was changed %+v, want at each use of the address that asks for it", changes)
		}
		if status, _ := f.read(address, "Bearer token"); status == 200 {
			t.Error("a login is welcome where it should not be shown")
		}
		time.Sleep(time.Minute)
		if status, _ := f.read(address, ""); status == 200 {
			t.Error("an address works longer than was asked for")
		}
		if status, _ := f.read(address+"0", ""); status == 200 {
			t.Error("an address that was never handed out works")
		}
	})
}

func TestThumbnails(t *testing.T) {
	var photo bytes.Buffer
	if err := png.Encode(&photo, image.NewGray(image.Rect(0, 0, 1200, 300))); err != nil {
		t.Fatal(err)
	}
	f := run(t, Options{Rate: -1, Keep: true})
	b := f.sim.AddProduction("Autumn", 10, 20)[0]
	f.upload(b, "/", "a.png", photo.String())
	f.upload(b, "/", "b.jpg", "no picture")
	want := map[string]image.Point{"a.png": {thumbnailSide, thumbnailSide / 4}, "b.jpg": {thumbnailSide, thumbnailSide}}
	for _, row := range f.rows("/picture") {
		address := row["thumbnail"].(string)
		status, raw := f.read(address, "")
		small, err := jpeg.Decode(bytes.NewReader(raw))
		if status != 200 || err != nil || small.Bounds().Size() != want[row["smalltext"].(string)] {
			t.Errorf("%s: %d, %v", row["smalltext"], status, err)
		}
		if status, _ := f.read(address, "Bearer token"); status == 200 {
			t.Errorf("%s: a login is welcome where it should not be shown", address)
		}
	}
	if status, _ := f.read("http://gs.example/thumbs/7/1.jpg", ""); status == 200 {
		t.Error("what is not there has a thumbnail")
	}
}
