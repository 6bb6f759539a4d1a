package faults

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
)

func TestAPipeServesInABubbleAndRefusesOnceItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, client := Pipe()
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "here") })}
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(l) }()
		resp, err := client.Get("http://anything.example/")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != "here" {
			t.Errorf("answered %q", body)
		}
		client.CloseIdleConnections()
		server.Close()
		<-ended
		if _, err := client.Get("http://anything.example/"); err == nil {
			t.Error("a closed pipe answers")
		}
	})
}
