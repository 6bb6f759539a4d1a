package grandshooting

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// specify asks what a picture should conform to ("Get specifications"). The
// reply is documented as "string" only; that the guidelines speak "of size,
// resolution, ICC profile" (Shotlist) is all that is known. What is not
// understood asks for nothing.
func (a *account) specify(ctx context.Context, photo connectors.Receipt) (connectors.Specification, error) {
	if photo.ID == "" {
		return connectors.Specification{}, nil
	}
	path := "/picture/" + url.PathEscape(photo.ID) + "/specification"
	reply, err := a.client.rest.Do(ctx, rest.Request{Method: http.MethodGet, Path: path})
	if status, _ := rest.StatusOf(err); status == http.StatusNotFound {
		return connectors.Specification{}, nil
	}
	if err != nil {
		return connectors.Specification{}, err
	}
	return decodeSpecification(reply.Body), nil
}

// decodeSpecification reads an object of fields, also as a text, in a list of
// one, or under a name of its own. All names are unverified.
func decodeSpecification(raw []byte) (spec connectors.Specification) {
	fields := specFields(raw, 0)
	first := func(names ...string) any {
		for _, name := range names {
			if v, ok := fields[name]; ok && v != nil {
				return v
			}
		}
		return nil
	}
	size := func(dimension string) (least, most int) {
		exact := positive(first(dimension))
		least, most = positive(first("min"+dimension, dimension+"min")), positive(first("max"+dimension, dimension+"max"))
		switch {
		case exact > 0:
			return exact, exact
		case most > 0 && least > most:
			return 0, 0
		}
		return least, most
	}
	spec.MinWidth, spec.MaxWidth = size("width")
	spec.MinHeight, spec.MaxHeight = size("height")
	spec.Profiles = texts(first("iccprofile", "iccprofiles", "colorprofile", "colorprofiles", "profile"))
	for _, format := range texts(first("format", "formats", "fileformat", "extension", "extensions")) {
		spec.Formats = append(spec.Formats, formatOf(format))
	}
	if slices.Contains(spec.Formats, "") { // one that cannot be told: better none than the wrong ones
		spec.Formats = nil
	}
	if bits := positive(first("bits", "bitdepth", "bitsperchannel")); bits == 8 || bits == 16 || bits == 32 {
		spec.Bits = bits
	}
	spec.MaxBytes = int64(positive(first("maxbytes", "maxfilesize", "filesizemax")))
	return spec
}

// specFields are the fields of the object in raw, their names in small letters
// without separators; nil if there is no such object, or more than one.
func specFields(raw []byte, depth int) map[string]any {
	var list []json.RawMessage
	var text string
	var object map[string]json.RawMessage
	switch {
	case depth > 3:
		return nil
	case json.Unmarshal(raw, &text) == nil:
		return specFields([]byte(text), depth+1)
	case json.Unmarshal(raw, &list) == nil:
		if len(list) != 1 {
			return nil
		}
		return specFields(list[0], depth+1)
	case json.Unmarshal(raw, &object) != nil:
		return nil
	}
	fields := map[string]any{}
	for name, value := range object {
		name = strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(name))
		if name == "specification" || name == "specifications" {
			return specFields(value, depth+1)
		}
		var v any
		if json.Unmarshal(value, &v) == nil {
			fields[name] = v
		}
	}
	return fields
}

// positive reads a whole number that may come as text; 0 if it is none.
func positive(v any) int {
	switch v := v.(type) {
	case float64:
		if v > 0 && v < 1<<40 && v == float64(int(v)) {
			return int(v)
		}
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && n > 0 {
			return n
		}
	}
	return 0
}

// texts reads a text or a list of texts.
func texts(v any) (all []string) {
	switch v := v.(type) {
	case string:
		if v = strings.TrimSpace(v); v != "" {
			all = append(all, v)
		}
	case []any:
		for _, item := range v {
			if text, ok := item.(string); ok {
				all = append(all, texts(text)...)
			}
		}
	}
	return all
}

// formatOf is the name of a format in connectors.Specification, or empty.
func formatOf(name string) string {
	name = strings.ToLower(name)
	name = name[strings.LastIndexAny(name, "./")+1:]
	switch name {
	case "jpg", "jpeg":
		return "jpeg"
	case "tif", "tiff":
		return "tiff"
	case "png", "psd":
		return name
	}
	return ""
}
