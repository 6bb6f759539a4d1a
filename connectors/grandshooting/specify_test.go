package grandshooting

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

func TestDecodeSpecification(t *testing.T) {
	type spec = connectors.Specification
	tests := map[string]spec{
		`{"width":2000,"height":"2500","icc_profile":"sRGB IEC61966-2.1"}`: {MinWidth: 2000, MaxWidth: 2000, MinHeight: 2500, MaxHeight: 2500, Profiles: []string{"sRGB IEC61966-2.1"}},
		`{"min_width":1000,"maxWidth":3000,"heightMin":5}`:                 {MinWidth: 1000, MaxWidth: 3000, MinHeight: 5},
		`{"formats":["JPG",".tif","image/png"],"bit_depth":16,"max_file_size":1000}`: {
			Formats: []string{"jpeg", "tiff", "png"}, Bits: 16, MaxBytes: 1000},
		`{"specification":{"extension":"psd"}}`:     {Formats: []string{"psd"}},
		`[{"specifications":[{"width":7}]}]`:        {MinWidth: 7, MaxWidth: 7},
		`"{\"width\":7}"`:                           {MinWidth: 7, MaxWidth: 7},
		`{"color_profile":["A"," ",3,"B"]}`:         {Profiles: []string{"A", "B"}},
		`{"width":null,"min_width":3}`:              {MinWidth: 3},
		`{"min_width":9,"max_width":3}`:             {},
		`{"formats":["jpg","webp"],"bits":12}`:      {},
		`{"width":-1,"height":1.5,"max_bytes":"x"}`: {},
		`[{"width":1},{"width":2}]`:                 {},
		`"string"`:                                  {},
		`""`:                                        {}, `null`: {}, `12`: {}, ``: {}, `<html>`: {}, `[]`: {}, `{}`: {}, `[[[[[{"width":1}]]]]]`: {},
	}
	for raw, want := range tests {
		if got := decodeSpecification([]byte(raw)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", raw, got, want)
		}
	}
}

func FuzzDecodeSpecification(f *testing.F) {
	f.Add([]byte(`{"width":2000,"formats":["jpg"]}`))
	f.Add([]byte(`"[{\"specification\":{\"min_width\":\"7\"}}]"`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := decodeSpecification(raw)
		if s.MinWidth < 0 || s.MaxWidth > 0 && s.MinWidth > s.MaxWidth || s.MaxBytes < 0 {
			t.Errorf("%+v cannot be met", s)
		}
	})
}

func TestSpecify(t *testing.T) {
	w := newWorld(t, how{})
	r := connectors.Receipt{ID: fmt.Sprint(w.capture("a.jpg"))}
	if got, err := w.specify(t.Context(), r); err != nil || got.MaxHeight != 2500 || len(got.Profiles) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, r := range []connectors.Receipt{{}, {ID: "77"}} {
		if got, err := w.specify(t.Context(), r); err != nil || !reflect.DeepEqual(got, connectors.Specification{}) {
			t.Errorf("%+v: got %+v, %v; want nothing asked for", r, got, err)
		}
	}
	w.faults.Then("specification", faults.Fault{Status: 500})
	if _, err := w.specify(t.Context(), r); err == nil {
		t.Error("a platform in trouble is no error")
	}
}
