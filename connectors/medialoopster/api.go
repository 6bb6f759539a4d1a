package medialoopster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/watch/bundle"
)

// Values of status_asset (Copy Project Asset). What 1 to 5 mean is not told; that
// media assets have the same values is unverified.
const (
	statusError = -1
	statusDone  = 6
)

// A number is one that may come as text.
type number int64

func (n *number) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == "null" || text == "" {
		return nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	*n = number(v)
	return err
}

func (n number) String() string { return strconv.FormatInt(int64(n), 10) }

// A line is text that may come as something else: an import log's error is text in
// the example and its warning an object (facts.md, 5.3). What is empty is "".
type line string

func (l *line) UnmarshalJSON(raw []byte) error {
	var text string
	switch trimmed := string(bytes.TrimSpace(raw)); {
	case json.Unmarshal(raw, &text) == nil:
		*l = line(text)
	case trimmed == "null", trimmed == "false", trimmed == "{}", trimmed == "[]":
	default:
		*l = line(trimmed)
	}
	return nil
}

// An asset is a medium that medialoopster knows (GET /imageassets/ and its
// sisters). Where it stands within a project it may be its ID alone.
type asset struct {
	ID         number  `json:"id"`
	Name       line    `json:"name"`
	PathFile   line    `json:"path_file"`
	Status     *number `json:"status_asset"`
	StatusText line    `json:"status_asset_description"`
	Deleted    line    `json:"date_del"`
}

func (a *asset) UnmarshalJSON(raw []byte) error {
	type plain asset
	var id number
	if json.Unmarshal(raw, &id) == nil {
		*a = asset{ID: id}
		return nil
	}
	return json.Unmarshal(raw, (*plain)(a))
}

// A projectAsset is a project (Get Single Project Asset).
type projectAsset struct {
	asset
	BundleRoot  line    `json:"bundle_root"`
	Type        line    `json:"type"`
	Production  number  `json:"production"`
	Changed     line    `json:"date_mod"`
	AudioAssets []asset `json:"audio_assets"`
	ImageAssets []asset `json:"image_assets"`
	VideoAssets []asset `json:"video_assets"`
}

func (p *projectAsset) UnmarshalJSON(raw []byte) error {
	type rest struct {
		BundleRoot  *line    `json:"bundle_root"`
		Type        *line    `json:"type"`
		Production  *number  `json:"production"`
		Changed     *line    `json:"date_mod"`
		AudioAssets *[]asset `json:"audio_assets"`
		ImageAssets *[]asset `json:"image_assets"`
		VideoAssets *[]asset `json:"video_assets"`
	}
	if err := json.Unmarshal(raw, &p.asset); err != nil {
		return err
	}
	return json.Unmarshal(raw, &rest{&p.BundleRoot, &p.Type, &p.Production, &p.Changed, &p.AudioAssets, &p.ImageAssets, &p.VideoAssets})
}

// linked are the media of a project, with the kind each is filed under.
func (p projectAsset) linked() map[bundle.Kind][]asset {
	return map[bundle.Kind][]asset{bundle.Audio: p.AudioAssets, bundle.Image: p.ImageAssets, bundle.Video: p.VideoAssets}
}

func (p projectAsset) changed() time.Time {
	at, _ := time.Parse(time.RFC3339, string(p.Changed)) // zero where it does not tell
	return at
}

// A production is what a project belongs to (GET /productions/).
type production struct {
	ID          number `json:"id"`
	Name        line   `json:"name"`
	StorageRoot line   `json:"storage_root"`
}

// A device is a folder that medialoopster may use (GET /devices/). Its username
// and password are never decoded.
type device struct {
	ID   number `json:"id"`
	Name line   `json:"name"`
	Path line   `json:"path"`
}

// An importLog tells of an import (GET /importlogs/).
type importLog struct {
	ID     number `json:"id"`
	Path   line   `json:"asset_path"`
	Status line   `json:"status"`
	Error  line   `json:"error"`
}

// A mention is a medium in the request and the reply of addasset.
type mention struct {
	ID   number      `json:"asset_id"`
	Kind bundle.Kind `json:"type"`
}

func (m mention) String() string { return fmt.Sprintf("%s/%d", m.Kind, m.ID) }

func parseMention(id string) (mention, error) {
	kind, n, _ := strings.Cut(id, "/")
	v, err := strconv.ParseInt(n, 10, 64)
	switch k := bundle.Kind(kind); {
	case err == nil && v > 0 && (k == bundle.Audio || k == bundle.Image || k == bundle.Video):
		return mention{number(v), k}, nil
	}
	return mention{}, fmt.Errorf("%q names no asset of medialoopster", id)
}

// A linkReply is the answer to addasset.
type linkReply struct {
	New     []mention `json:"newly_linked_assets"`
	Already []mention `json:"already_linked_assets"`
	Invalid []mention `json:"invalid_assets"`
}

// decodeList reads a list: bare, or the results of a page.
func decodeList[T any](raw []byte) ([]T, error) {
	var list []T
	err := json.Unmarshal(raw, &list)
	if err == nil && list != nil {
		return list, nil
	}
	var page struct {
		Results *[]T `json:"results"`
	}
	if err := json.Unmarshal(raw, &page); err != nil || page.Results == nil {
		return nil, errors.New("it is no list")
	}
	return *page.Results, nil
}

// decodeProject reads one project; without an ID it is none.
func decodeProject(raw []byte) (projectAsset, error) {
	var p projectAsset
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, err
	}
	if p.ID <= 0 {
		return p, errors.New("it has no id")
	}
	return p, nil
}

// A problem is one thing that medialoopster has against a request.
type problem struct {
	field string // that it is about; empty for the whole
	code  string // such as required; empty in the plain shape
	said  string
}

// decodeProblems reads both shapes of errors: a list "errors" of objects with
// source.pointer, code, detail and title, and a bare "detail" (Create Project
// Asset, Add Media Asset). What has neither is no problem that it could tell.
func decodeProblems(raw []byte) (list []problem) {
	var reply struct {
		Errors []struct {
			Source struct {
				Pointer line `json:"pointer"`
			} `json:"source"`
			Code   line `json:"code"`
			Detail line `json:"detail"`
			Title  line `json:"title"`
		} `json:"errors"`
		Detail line `json:"detail"`
	}
	if json.Unmarshal(raw, &reply) != nil {
		return nil
	}
	for _, e := range reply.Errors {
		said := e.Detail
		if said == "" {
			said = e.Title
		}
		list = append(list, problem{strings.TrimPrefix(string(e.Source.Pointer), "/"), string(e.Code), string(said)})
	}
	if reply.Detail != "" {
		list = append(list, problem{said: string(reply.Detail)})
	}
	return list
}

func (p problem) String() string {
	if p.field == "" {
		return p.said
	}
	return p.field + ": " + p.said
}

// decodeLinks reads the answer to addasset.
func decodeLinks(raw []byte) (said linkReply, err error) {
	if err = json.Unmarshal(raw, &said); err == nil && said.New == nil && said.Already == nil && said.Invalid == nil {
		err = errors.New("it tells of no media")
	}
	return said, err
}
