package pixelz

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		raw        string
		code, said string
		list       bool
		rows       int
		bad        bool
	}{
		"nothing":                {"", "", "", false, 0, false},
		"blanks":                 {" \r\n", "", "", false, 0, false},
		"null":                   {"null", "", "", false, 0, false},
		"text":                   {`"OK"`, "", "", false, 0, false},
		"bare":                   {`{"ErrorCode":"NoError","Message":"fine","ImageTicket":"a"}`, "NoError", "fine", false, 1, false},
		"other case":             {`{"errorCode":0,"message":"fine","imageticket":"a"}`, "0", "fine", false, 1, false},
		"list":                   {`[{"ImageTicket":"a"},{"ImageTicket":"b"},7,null]`, "", "", true, 2, false},
		"wrapped list":           {`{"ErrorCode":4,"ErrorMessage":"no","Images":[{"ImageTicket":"a"}]}`, "4", "no", true, 1, false},
		"a row's code is its":    {`{"Images":[{"ImageTicket":"a","ErrorCode":"Odd"},{"ErrorCode":"Odd"}]}`, "", "", true, 1, false},
		"the outer code counts":  {`{"ErrorCode":"NoError","X":{"ErrorCode":"Odd"}}`, "NoError", "", false, 0, false},
		"an inner code":          {`{"Result":{"ErrorCode":"Odd","Message":"why"}}`, "Odd", "why", false, 0, false},
		"null code, inner one":   {`{"ErrorCode":null,"Result":{"ErrorCode":7}}`, "7", "", false, 0, false},
		"nothing in a row":       {`{"ImageTicket":"a","Parts":[{"ImageTicket":"b"}]}`, "", "", false, 1, false},
		"as deep as may":         {`{"a":{"b":{"c":{"d":{"ImageTicket":"a"}}}}}`, "", "", false, 1, false},
		"deeper":                 {`{"a":{"b":{"c":{"d":{"e":{"ImageTicket":"a"}}}}}}`, "", "", false, 0, false},
		"marked":                 {"\ufeff[]", "", "", true, 0, false},
		"odd types":              {`{"ErrorCode":true,"Message":{"x":1},"ImageTicket":[1]}`, "true", "", false, 1, false},
		"a web page":             {`<html>`, "", "", false, 0, true},
		"half":                   {`{"a":`, "", "", false, 0, true},
		"two":                    {`{} {}`, "", "", false, 0, true},
		"as deep as nobody goes": {strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), "", "", false, 0, true},
	}
	for name, tt := range tests {
		r, err := parse([]byte(tt.raw), "imageticket")
		if (err != nil) != tt.bad || r.code != tt.code || r.said != tt.said || r.list != tt.list || len(r.rows) != tt.rows {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
}

func TestTexts(t *testing.T) {
	for raw, want := range map[string][]string{
		`"a"`: {"a"}, `["a","b"]`: {"a", "b"}, `{"string":["a",["b"]]}`: {"a", "b"}, `null`: nil, `""`: nil, `[]`: nil, `[null,""," a "]`: {"a"}, `7`: {"7"}, ``: nil,
		`[[[[[["deep"]]]]]]`: nil,
	} {
		if got := texts(json.RawMessage(raw), 0); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
	}
}

func TestTickets(t *testing.T) {
	for s, want := range map[string]bool{
		"3f2504e0-4f89-41d3-9a0c-0305e82c3301": true, "A_1": true, "": false, "a b": false, "../x": false, "a/b": false, "a?b": false,
		"00000000-0000-0000-0000-000000000000": false, "-": false, "é": false, strings.Repeat("a", 65): false,
	} {
		if isTicket(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

func TestContent(t *testing.T) {
	one := image{finals: []string{"https://a.example/1/x.jpg?sig=1", "https://a.example/1/x.psd"}}
	for _, same := range [][]string{{"https://b.example/1/x.jpg?sig=2", "https://a.example/1/x.psd#y"}} {
		if one.content() != (image{finals: same}).content() {
			t.Errorf("%q is another content", same)
		}
	}
	for _, other := range [][]string{nil, {"https://a.example/1/x.jpg"}, {"https://a.example/2/x.jpg", "https://a.example/1/x.psd"}, {"%", "x"}} {
		if one.content() == (image{finals: other}).content() {
			t.Errorf("%q is the same content", other)
		}
	}
}

func TestOneLine(t *testing.T) {
	a := &account{secrets: spellings(secret)}
	for s, want := range map[string]string{
		"fine": "fine", " a\r\nb\x00c ": "a b c", "\xff": "?", "key " + secret + "!": "key ***!",
		"imageURL https://h/a.jpg?X-Amz-Signature=1&b=2 is wrong": "imageURL https://h/a.jpg?… is wrong", "why?": "why?",
		strings.Repeat("é", 150): strings.Repeat("é", 100) + "…",
	} {
		if got := a.oneLine(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

// Whatever Pixelz answers: what is made of it is fit to be shown, and a name that
// can be used.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `[]`, `{}`, `{"ErrorCode":"NoError","Images":[{"ImageTicket":"a","StatusId":80,"FinalImagesURL":["https://h/x.jpg"]}]}`,
		`{"ErrorCode":0,"ImageTicket":"3f2504e0-4f89-41d3-9a0c-0305e82c3301","CustomerImageId":"01234567890"}`, `[[[[]]]]`,
		`{"ErrorCode":7,"Message":"no\u0000"}`, `{"ImageTicket":"a","StatusId":"80","FinalImagesURL":{"string":"https://h/%2e%2e"},"ErrorMessage":[1]}`,
		`[{"ImageTicket":"a","FinalImagesURL":["%","x://y","https://h/a/..","https://h/01234567-"],"StatusId":80}]`,
	} {
		f.Add([]byte(seed))
	}
	a := &account{name: "pixelz", secrets: spellings(secret), link: "https://portal.example/{ticket}"}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := parse(raw, "imageticket")
		if err != nil {
			return
		}
		if r.faulty() != (a.refusal("it", r) != nil) || r.faulty() && r.fine() {
			t.Errorf("%q: faulty %v, fine %v", raw, r.faulty(), r.fine())
		}
		if ticket, err := a.ticketOf(r); (err == nil) != isTicket(ticket) {
			t.Errorf("%q: ticket %q, %v", raw, ticket, err)
		}
		for _, im := range r.images() {
			var e entry
			e.see(im)
			for _, rt := range a.retouches(im, e) {
				if connectors.CheckName(rt.Name) != nil || !utf8.ValidString(rt.Reason) || len(rt.Reason) > 300 || strings.ContainsAny(rt.Reason, "\n\x00") {
					t.Errorf("%q: %+v", raw, rt)
				}
				if id, err := parseRetouchID(rt.ID); rt.Stage != connectors.Failed && (err != nil || id.ticket != im.ticket) {
					t.Errorf("%q: id %s, %v", raw, rt.ID, err)
				}
			}
		}
	})
}
