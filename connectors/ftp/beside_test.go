package ftp

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestWhileAPhotoIsAnnouncedAnotherUsesItsSession(t *testing.T) {
	r, _, d := used(t, simOptions{MaxClients: 1})
	p, open := photo("0001.jpg", "picture")
	_, err := d.Deliver(t.Context(), p, open, func() error {
		q, open := photo("0002.jpg", "another")
		q.ID = "22222222222222222222"
		_, err := d.Deliver(t.Context(), q, open, nothing) // would wait for ever
		return err
	})
	if err != nil || r.Count("PASS") != 1 {
		t.Errorf("got %v, and %d logins, want one", err, r.Count("PASS"))
	}
	wantOnlyPhotos(t, r, "0000.jpg", "0001.jpg", "0002.jpg")
}

func TestWhatMayTakeLongWaitsForAPhotoThatIsBeingAnnounced(t *testing.T) {
	r, a, d := used(t, simOptions{})
	p, open := photo("0001.jpg", "picture")
	found := make(chan []connectors.Receipt, 1)
	_, err := d.Deliver(t.Context(), p, open, func() error {
		go func() {
			receipts, err := d.Find(t.Context(), []connectors.Photo{p})
			if err != nil {
				t.Error(err)
			}
			found <- receipts
		}()
		for len(a.pool.places) > 0 { // until it has the session
			runtime.Gosched()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := <-found; got[0].Zero() {
		t.Error("Find came first")
	}
	wantContent(t, filepath.Join(r.dir, "in", "0001.jpg"), "picture")
}

func TestAPhotoWhoseSessionEndedIsShownByAnother(t *testing.T) {
	r, a, d := used(t, simOptions{})
	p, open := photo("0001.jpg", "picture")
	_, err := d.Deliver(t.Context(), p, open, func() error {
		a.pool.idle[0].cut()
		return nil
	})
	if err != nil || r.Count("PASS") != 2 || r.Count("STOR") != 2 {
		t.Errorf("got %v, %d logins and %d uploads; want two of each", err, r.Count("PASS"), r.Count("STOR"))
	}
	wantOnlyPhotos(t, r, "0000.jpg", "0001.jpg")
}
