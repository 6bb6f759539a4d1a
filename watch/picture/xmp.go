package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Namespaces of the properties that are read (XMP specification parts 1 and 2;
// Lightroom, Photo Mechanic and Windows as their files show them).
const (
	nsRDF       = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	nsXMP       = "http://ns.adobe.com/xap/1.0/"
	nsDC        = "http://purl.org/dc/elements/1.1/"
	nsLightroom = "http://ns.adobe.com/lightroom/1.0/"
	nsMechanic  = "http://ns.camerabits.com/photomechanic/1.0/"
	nsMicrosoft = "http://ns.microsoft.com/photo/1.0" // with and without a slash behind
)

var errNoXMP = errors.New("this is no XMP")

// ParseXMP reads the tags in an XMP packet or sidecar: UTF-8, with or without
// BOM, wrapper and padding, properties as attributes or as elements. Where a
// property stands twice the first counts. The rating is xmp:Rating, else the
// percentage that Windows keeps; the label is xmp:Label, else the name of Photo
// Mechanic's colour class in lower case ("winner alt"; which colour that is,
// everybody sets for himself), else "tagged" for what Photo Mechanic has tagged.
// A rating that is no number from -1 to 5 counts as none.
//
// What is no XMP, is not in UTF-8, is damaged, longer than 4 MiB or nested deeper
// than 64 levels is an error in words; entities other than XML's own are damage.
func ParseXMP(data []byte) (Tags, error) {
	if len(data) > maxXMP {
		return Tags{}, tooLong("XMP", maxXMP)
	}
	data = bytes.Trim(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), "\x00 \t\r\n")
	if len(data) == 0 {
		return Tags{}, errors.New("the XMP is empty")
	}
	props := properties{}
	w := walker{found: props}
	if err := w.walk(xml.NewDecoder(bytes.NewReader(data))); errors.Is(err, errNoXMP) {
		return Tags{}, err
	} else if err != nil {
		return Tags{}, fmt.Errorf("the XMP is damaged: %w", err)
	}
	return props.tags(), nil
}

// A walker finds the properties of the picture itself: those of each
// rdf:Description right below rdf:RDF. Deeper ones speak of other pictures, such
// as the layers of a composition or the steps of a history.
type walker struct {
	found properties
	path  []xml.Name
	rdf   int // how deep inside rdf:RDF is, 0 while outside
	text  strings.Builder
}

// walk reads up to the end of the root element; what follows it is padding.
func (w *walker) walk(d *xml.Decoder) error {
	const deepest = 64
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) { // before any element
			return errNoXMP
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(w.path) == deepest {
				return fmt.Errorf("its elements are nested deeper than %d levels", deepest)
			}
			if len(w.path) == 0 && !isRoot(token.Name) {
				return errNoXMP
			}
			w.begin(token)
		case xml.EndElement:
			if w.end(); len(w.path) == 0 {
				return nil
			}
		case xml.CharData:
			w.text.Write(token)
		}
	}
}

func isRoot(n xml.Name) bool {
	return n == xml.Name{Space: nsRDF, Local: "RDF"} || n.Local == "xmpmeta" || n.Local == "xapmeta"
}

func (w *walker) begin(e xml.StartElement) {
	w.path = append(w.path, e.Name)
	w.text.Reset()
	if w.rdf == 0 && e.Name == (xml.Name{Space: nsRDF, Local: "RDF"}) {
		w.rdf = len(w.path)
	}
	if w.level() != 1 || !w.described() {
		return
	}
	for _, a := range e.Attr {
		w.found.add(a.Name, a.Value)
	}
}

// end takes the text of a property, or of an item of a list that is one.
func (w *walker) end() {
	if text := w.text.String(); w.rdf > 0 && w.described() {
		switch in := w.path[w.rdf:]; {
		case len(in) == 2:
			w.found.add(in[1], text)
		case len(in) == 4 && in[2].Space == nsRDF && in[3] == xml.Name{Space: nsRDF, Local: "li"}:
			w.found.add(in[1], text)
		}
	}
	w.text.Reset()
	w.path = w.path[:len(w.path)-1]
	if len(w.path) < w.rdf {
		w.rdf = 0
	}
}

// level counts the elements below rdf:RDF that are open; negative outside.
func (w *walker) level() int {
	if w.rdf == 0 {
		return -1
	}
	return len(w.path) - w.rdf
}

func (w *walker) described() bool {
	return w.level() >= 1 && w.path[w.rdf] == xml.Name{Space: nsRDF, Local: "Description"}
}
