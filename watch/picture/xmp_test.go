package picture

import (
	"reflect"
	"strings"
	"testing"
)

// Packets as the programs write them, cut down to what matters and something of
// what surrounds it.
const (
	captureOneSidecar = `<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta x:xmptk="XMP Core 5.5.0" xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
   <xmp:Rating>4</xmp:Rating>
   <xmp:Label>Green</xmp:Label>
  </rdf:Description>
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>packshot</rdf:li>
     <rdf:li>Größe M</rdf:li>
    </rdf:Bag>
   </dc:subject>
  </rdf:Description>
  <rdf:Description rdf:about="" xmlns:lightroom="http://ns.adobe.com/lightroom/1.0/">
   <lightroom:hierarchicalSubject>
    <rdf:Bag><rdf:li>Season|Winter</rdf:li><rdf:li>Kind|packshot</rdf:li></rdf:Bag>
   </lightroom:hierarchicalSubject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
`
	lightroomPacket = "<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000 1.000000, 0000/00/00-00:00:00        ">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:ModifyDate="2026-03-04T10:11:12+01:00"
   xmp:CreatorTool="Adobe Photoshop Lightroom Classic 14.1 (Macintosh)"
   xmp:Rating="3"
   xmp:Label="Grün"
   crs:HasSettings="True">
   <xmpMM:History>
    <rdf:Seq>
     <rdf:li stEvt:action="derived" stEvt:parameters="converted from image/x-canon-cr3 to image/jpeg"/>
    </rdf:Seq>
   </xmpMM:History>
   <xmpMM:Pantry>
    <rdf:Bag>
     <rdf:li><rdf:Description xmp:Rating="1" xmp:Label="Red"><dc:subject><rdf:Bag><rdf:li>another picture</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:li>
    </rdf:Bag>
   </xmpMM:Pantry>
   <dc:subject><rdf:Bag><rdf:li>Owl &amp; co</rdf:li></rdf:Bag></dc:subject>
   <lr:hierarchicalSubject><rdf:Bag><rdf:li>Animals|Birds|Owl &amp; co</rdf:li><rdf:li>Hero</rdf:li></rdf:Bag></lr:hierarchicalSubject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>` + "\n                    \n<?xpacket end=\"w\"?>"
	photoMechanicPacket = "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 5.5.0">
   <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description rdf:about=""
            xmlns:xmp="http://ns.adobe.com/xap/1.0/"
            xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
            xmlns:photomechanic="http://ns.camerabits.com/photomechanic/1.0/"
         xmp:Rating="0"
         photoshop:Urgency="2"
         photomechanic:ColorClass="2"
         photomechanic:Tagged="True"
         photomechanic:Prefs="1:2:0:000001"
         photomechanic:PMVersion="PM6"/>
   </rdf:RDF>
</x:xmpmeta>` + "\n<?xpacket end='w'?>"
	bridgePacket = "<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 9.1-c002"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmp:MetadataDate="2026-03-04T10:11:12+01:00" xmp:Rating="-1" xmp:Label="Approved" xmpMM:InstanceID="xmp.iid:0"/></rdf:RDF></x:xmpmeta>` +
		"<?xpacket end=\"w\"?>"
	darktableSidecar = `<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:darktable="http://darktable.sf.net/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmp:Rating="5"
   darktable:xmp_version="5">
   <darktable:colorlabels><rdf:Seq><rdf:li>2</rdf:li></rdf:Seq></darktable:colorlabels>
   <dc:subject><rdf:Seq><rdf:li>look 4</rdf:li><rdf:li>look 4</rdf:li><rdf:li/></rdf:Seq></dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>`
	windowsPacket = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b" xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/"><MicrosoftPhoto:Rating>75</MicrosoftPhoto:Rating></rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end='w'?>`
)

func TestParseXMPOfPrograms(t *testing.T) {
	for _, tt := range []struct {
		name, packet string
		want         Tags
	}{
		{"Capture One", captureOneSidecar, Tags{4, "green", []string{"packshot", "Größe M", "Winter"}, true}},
		{"Lightroom", lightroomPacket, Tags{3, "green", []string{"Owl & co", "Hero"}, true}},
		{"Photo Mechanic", photoMechanicPacket, Tags{0, "winner alt", nil, true}},
		{"Bridge", bridgePacket, Tags{-1, "approved", nil, true}},
		{"darktable", darktableSidecar, Tags{5, "", []string{"look 4"}, true}},
		{"Windows", windowsPacket, Tags{4, "", nil, true}},
		{"BOM", "\ufeff" + darktableSidecar, Tags{5, "", []string{"look 4"}, true}},
		{"padding of zeros", bridgePacket + strings.Repeat("\x00", 3000), Tags{-1, "approved", nil, true}},
		{"something behind the root", captureOneSidecar + "<<<", Tags{4, "green", []string{"packshot", "Größe M", "Winter"}, true}},
	} {
		if got, err := ParseXMP([]byte(tt.packet)); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s = %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
}

// described is a packet whose description has these attributes and elements.
func packetOf(attrs, elements string) string {
	return `<r:RDF xmlns:r="` + nsRDF + `" xmlns:a="` + nsXMP + `" xmlns:d="` + nsDC + `" xmlns:l="` + nsLightroom +
		`" xmlns:p="` + nsMechanic + `" xmlns:m="` + nsMicrosoft + `" xmlns:z="urn:z"><r:Description r:about="" ` + attrs + ">" +
		elements + "</r:Description></r:RDF>"
}

func TestParseXMPProperties(t *testing.T) {
	for _, tt := range []struct {
		attrs, elements string
		want            Tags
	}{
		{"", "", Tags{}},
		{`z:Rating="4" Rating="3" z:Label="Red"`, "<z:Rating>2</z:Rating>", Tags{}}, // other namespaces
		{`a:Rating="0"`, "", Tags{Given: true}},
		{`a:Rating=""`, "", Tags{}},
		{`a:Rating="5.0"`, "", Tags{Rating: 5, Given: true}},
		{`a:Rating="6"`, "", Tags{}},
		{`a:Rating="-2"`, "", Tags{}},
		{`a:Rating="NaN"`, "", Tags{}},
		{`a:Rating="many" a:Label=""`, "", Tags{Given: true}},
		{`a:Rating="2"`, "<a:Rating>4</a:Rating>", Tags{Rating: 2, Given: true}},
		{"", "<a:Rating> 1 </a:Rating>", Tags{Rating: 1, Given: true}},
		{"", "<a:Rating><!-- none -->3</a:Rating>", Tags{Rating: 3, Given: true}},
		{`m:Rating="99"`, "", Tags{Rating: 5, Given: true}},
		{`m:Rating="1"`, "", Tags{Rating: 1, Given: true}},
		{`m:Rating="0"`, "", Tags{Given: true}},
		{`m:Rating="101"`, "", Tags{}},
		{`m:Rating="99" a:Rating="1"`, "", Tags{Rating: 1, Given: true}},
		{`a:Label="Second choice"`, "", Tags{Label: "second choice", Given: true}},
		{`a:Label="ROT" p:ColorClass="7"`, "", Tags{Label: "red", Given: true}},
		{`a:Label=" " p:ColorClass="7"`, "", Tags{Label: "extras", Given: true}},
		{`p:ColorClass="0" p:Tagged="False"`, "", Tags{Given: true}},
		{`p:ColorClass="0" p:Tagged="True"`, "", Tags{Label: "tagged", Given: true}},
		{`p:ColorClass="9"`, "", Tags{Given: true}},
		{`d:subject="one"`, "", Tags{Keywords: []string{"one"}, Given: true}},
		{"", "<d:subject>one</d:subject>", Tags{Keywords: []string{"one"}, Given: true}},
		{"", "<d:subject><r:Bag/></d:subject>", Tags{Given: true}},
		{"", "<d:subject><r:Bag><r:li> a </r:li><z:li>b</z:li><r:li>A</r:li></r:Bag></d:subject>", Tags{Keywords: []string{"a", "A"}, Given: true}},
		{"", "<d:subject><r:Bag><r:li>a<z:x><z:y>b</z:y></z:x></r:li></r:Bag></d:subject>", Tags{Given: true}},
		{"", "<l:hierarchicalSubject><r:Bag><r:li>a|</r:li><r:li>a | b</r:li></r:Bag></l:hierarchicalSubject>", Tags{Keywords: []string{"b"}, Given: true}},
		{"", "<z:Layers><r:Bag><r:li><r:Description a:Rating='5'/></r:li></r:Bag></z:Layers>", Tags{}}, // another picture's
	} {
		got, err := ParseXMP([]byte(packetOf(tt.attrs, tt.elements)))
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s %s = %+v, %v; want %+v", tt.attrs, tt.elements, got, err, tt.want)
		}
	}
}

func TestParseXMPPercent(t *testing.T) {
	for percent, want := range map[string]int{"12": 1, "13": 2, "25": 2, "37": 2, "50": 3, "62": 3, "63": 4, "75": 4, "88": 5, "100": 5} {
		if got, err := ParseXMP([]byte(packetOf(`m:Rating="`+percent+`"`, ""))); got.Rating != want || err != nil {
			t.Errorf("%s percent = %d stars, %v; want %d", percent, got.Rating, err, want)
		}
	}
}

func TestParseXMPRefuses(t *testing.T) {
	bomb := `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>` + packetOf("", "<a:Label>&b;</a:Label>")
	for _, tt := range []struct{ name, packet, want string }{
		{"nothing", "", "the XMP is empty"},
		{"padding", " \n\x00", "the XMP is empty"},
		{"a note", "five stars", "this is no XMP"},
		{"a web page", "<html><body>not found</body></html>", "this is no XMP"},
		{"wrapper only", `<?xpacket begin="" id=""?><?xpacket end="w"?>`, "this is no XMP"},
		{"cut", lightroomPacket[:len(lightroomPacket)/2], "the XMP is damaged: XML syntax error on line"},
		{"tags that cross", packetOf("", "<a:Rating>1</a:Label>"), "the XMP is damaged"},
		{"entities", bomb, "the XMP is damaged"},
		{"another encoding", `<?xml version="1.0" encoding="UTF-16"?>` + packetOf("", ""), "the XMP is damaged"},
		{"no UTF-8", packetOf("a:Label=\"\xff\"", ""), "the XMP is damaged"},
		{"deep", packetOf("", strings.Repeat("<z:a>", 100)), "nested deeper than 64 levels"},
		{"long", packetOf("", strings.Repeat(" ", maxXMP)), "longer than 4 MiB"},
	} {
		got, err := ParseXMP([]byte(tt.packet))
		if err == nil || !strings.Contains(err.Error(), tt.want) || !reflect.DeepEqual(got, Tags{}) {
			t.Errorf("%s = %+v, %v; want no tags and %q", tt.name, got, err, tt.want)
		}
	}
}

func TestColour(t *testing.T) {
	for label, want := range map[string]string{
		"Green": "green", "GRÜN": "green", "Gru\u0308n": "green", " vert ": "green", "Zielony": "green", "グリーン": "green",
		"Lila": "purple", "Violet": "purple", "rosa": "pink", "Weiß": "white", "gray": "grey", "orange": "orange",
		"Jaune": "yellow", "rød": "red", "Azul": "blue", "Noir": "black", "To Do": "to do", "": "",
	} {
		if got := colour(label); got != want {
			t.Errorf("colour(%q) = %q, want %q", label, got, want)
		}
	}
}

func FuzzParseXMP(f *testing.F) {
	for _, packet := range []string{captureOneSidecar, lightroomPacket, photoMechanicPacket, bridgePacket, darktableSidecar, windowsPacket,
		packetOf(`a:Rating="1"`, "<d:subject>a</d:subject>"), "<!DOCTYPE a>"} {
		f.Add([]byte(packet))
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		got, err := ParseXMP(packet)
		if got.Rating < -1 || got.Rating > 5 || !got.Given && !reflect.DeepEqual(got, Tags{}) || err != nil && got.Given {
			t.Errorf("ParseXMP = %+v, %v", got, err)
		}
		size := len(got.Label)
		for _, k := range got.Keywords {
			size += len(k)
		}
		if size > 2*len(packet)+20 {
			t.Errorf("%d bytes of tags from %d", size, len(packet))
		}
	})
}
