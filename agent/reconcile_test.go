package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

// A shelf answers Find and List from what lies on it: size by name.
type shelf map[string]int64

func (s shelf) Find(_ context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	out := make([]connectors.Receipt, len(ps))
	for i, p := range ps {
		if size, ok := s[p.Name]; ok && size == p.Size {
			out[i] = connectors.Receipt{ID: p.Name, Size: size}
		}
	}
	return out, nil
}

func (shelf) Deliver(context.Context, connectors.Photo, func() (io.ReadCloser, error), func() error) (connectors.Receipt, error) {
	return connectors.Receipt{}, errors.New("reconcile must not deliver")
}

func (s shelf) list(context.Context, string) ([]connectors.Receipt, error) {
	var there []connectors.Receipt
	for name, size := range s {
		there = append(there, connectors.Receipt{ID: name, Name: name, Size: size})
	}
	return there, nil
}

func TestReconcileNamesEveryDifference(t *testing.T) {
	there := shelf{"same.jpg": 10, "changed.jpg": 99, "deleted here.jpg": 5, "=formula.jpg": 5}
	photos := []connectors.Photo{{Name: "same.jpg", Size: 10}, {Name: "changed.jpg", Size: 1000}, {Name: "lost there.jpg", Size: 7}}
	all := books{ours: func(string) bool { return true }, why: func(p connectors.Photo) string { return "it was there at noon" }}
	c, err := compare(t.Context(), "b", "gs", connectors.Connector{Out: there, List: there.list}, photos, all)
	if err != nil {
		t.Fatal(err)
	}
	var text, table bytes.Buffer
	if err := tellComparisons(&text, []comparison{c}, false); !errors.Is(err, errSaid) {
		t.Errorf("differences end with %v", err)
	}
	want := `▲ bench b: 3 on disk, 4 on gs
  different  changed.jpg  1.0 kB on disk, 99 B there
  missing    lost there.jpg  it was there at noon
  extra      =formula.jpg  not on disk
  extra      deleted here.jpg  not on disk
`
	if text.String() != want {
		t.Errorf("got\n%swant\n%s", text.String(), want)
	}
	tellComparisons(&table, []comparison{c}, true)
	wantCSV := "bench,account,file,verdict,detail\nb,gs,changed.jpg,different,\"1.0 kB on disk, 99 B there\"\nb,gs,lost there.jpg,missing,it was there at noon\nb,gs,'=formula.jpg,extra,not on disk\nb,gs,deleted here.jpg,extra,not on disk\n"
	if table.String() != wantCSV {
		t.Errorf("got\n%swant\n%s", table.String(), wantCSV)
	}
}

func TestReconcileAgreesAndKnowsItsLimits(t *testing.T) {
	there := shelf{"a.jpg": 10, "from before.jpg": 3}
	onlyOurs := books{ours: func(name string) bool { return name != "from before.jpg" }}
	c, err := compare(t.Context(), "b", "gs", connectors.Connector{Out: there, List: there.list}, []connectors.Photo{{Name: "a.jpg", Size: 10}}, onlyOurs)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := tellComparisons(&out, []comparison{c}, false); err != nil || out.String() != "● bench b: 1 on disk, 1 on gs\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	if _, err := compare(t.Context(), "b", "x", connectors.Connector{Out: there}, nil, onlyOurs); err == nil {
		t.Error("an account that cannot list was compared")
	}
}
