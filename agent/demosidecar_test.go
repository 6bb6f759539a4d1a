package main

import (
	"slices"
	"testing"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/watch/picture"
)

func TestSidecarsChooseAPicture(t *testing.T) {
	for _, tt := range []struct {
		rule  config.Selects
		words string
		want  picture.Tags
	}{
		{config.Selects{Rating: 4, Label: []string{"green"}}, "4 stars", picture.Tags{Rating: 4, Given: true}},
		{config.Selects{Label: []string{"green", "red"}}, "the label green", picture.Tags{Label: "green", Given: true}},
		{config.Selects{Keyword: []string{`<"retouch" & co>`}}, `the keyword <"retouch" & co>`, picture.Tags{Keywords: []string{`<"retouch" & co>`}, Given: true}},
	} {
		s := sidecarOf(&tt.rule)
		got, err := picture.ParseXMP(s.xmp("A & B.jpg"))
		if err != nil || got.Rating != tt.want.Rating || got.Label != tt.want.Label || !slices.Equal(got.Keywords, tt.want.Keywords) || got.Given != tt.want.Given {
			t.Errorf("%+v: got %+v, %v", tt.rule, got, err)
		}
		if s.words() != tt.words {
			t.Errorf("%+v: got %q", tt.rule, s.words())
		}
	}
}
