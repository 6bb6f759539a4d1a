package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/studio-agent/studio-agent/agent/config"
)

// A sidecar is what a photographer says of a picture in an XMP file beside it.
type sidecar struct {
	stars   int
	label   string
	keyword string
}

// sidecarOf says what makes a picture a select.
func sidecarOf(rule *config.Selects) (s sidecar) {
	switch {
	case rule.Rating > 0:
		s.stars = rule.Rating
	case len(rule.Label) > 0:
		s.label = rule.Label[0]
	case len(rule.Keyword) > 0:
		s.keyword = rule.Keyword[0]
	}
	return s
}

func (s sidecar) words() string {
	switch {
	case s.stars > 0:
		return count(s.stars, "star")
	case s.label != "":
		return "the label " + s.label
	}
	return "the keyword " + s.keyword
}

// xmp is the file as a RAW converter writes it: its own settings around the three
// properties that matter (XMP specification part 1, sections 8.3 and 8.4: xmp and
// dc).
func (s sidecar) xmp(picture string) []byte {
	escaped := func(text string) string {
		var b bytes.Buffer
		xml.EscapeText(&b, []byte(text)) // a buffer takes all
		return b.String()
	}
	var b strings.Builder
	b.WriteString("<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" + `<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 6.0.0">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:ModifyDate="2026-03-04T10:11:12+01:00"`)
	if s.stars > 0 {
		fmt.Fprintf(&b, "\n   xmp:Rating=%q", fmt.Sprint(s.stars))
	}
	if s.label != "" {
		fmt.Fprintf(&b, "\n   xmp:Label=\"%s\"", escaped(s.label))
	}
	fmt.Fprintf(&b, "\n   crs:RawFileName=\"%s\"\n   crs:Exposure2012=\"+0.15\"\n   crs:HasSettings=\"True\">\n", escaped(picture))
	if s.keyword != "" {
		fmt.Fprintf(&b, "   <dc:subject>\n    <rdf:Bag>\n     <rdf:li>%s</rdf:li>\n    </rdf:Bag>\n   </dc:subject>\n", escaped(s.keyword))
	}
	b.WriteString("  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>\n")
	return []byte(b.String())
}
