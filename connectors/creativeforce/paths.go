package creativeforce

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A kind is the content of a task: the guide has one flow for each.
type kind string

const (
	ecommerce kind = "ecommerce"
	editorial kind = "editorial"
)

// Names of paths, as in the option paths.
const (
	pathList        = "list"
	pathDetail      = "detail"
	pathAnnotation  = "annotation"
	pathStart       = "start"
	pathSubmit      = "submit"
	pathAssets      = "assets"
	pathFiles       = "files"
	pathSpecs       = "specs"
	pathPresign     = "presign"
	pathJob         = "job"
	pathProduct     = "product"
	pathProject     = "project"
	pathDeliverable = "deliverable"
)

// defaultPaths are below url, which ends with /v1. The guide spells one segment
// in three ways, expost, extpost and export: each path is as it is printed there.
// It prints no list of editorial tasks: that path is unverified.
func defaultPaths() map[string]string {
	return map[string]string{
		pathList:       "/expost/tasks",
		pathDetail:     "/extpost/tasks/{taskId}",
		pathAnnotation: "/extpost/tasks/{taskId}/annotation",
		pathStart:      "/extpost/tasks/{taskId}/start",
		pathSubmit:     "/export/tasks/{taskId}/submit-assets",
		pathAssets:     "/assets/bulk-get-assets",
		pathFiles:      "/files/bulk-get-files",
		pathSpecs:      "/specs/bulk-get-specs",
		pathPresign:    "/assets/get-presigned-url",
		pathJob:        "/jobs/{jobId}",
		pathProduct:    "/products/{productId}",

		"editorial_" + pathList:       "/editorial/extpost/tasks",
		"editorial_" + pathDetail:     "/editorial/extpost/tasks/{taskId}",
		"editorial_" + pathAnnotation: "/editorial/extpost/tasks/{taskId}/annotation",
		"editorial_" + pathStart:      "/editorial/extpost/tasks/{taskId}/start",
		"editorial_" + pathSubmit:     "/editorial/export/tasks/{taskId}/submit-assets",
		"editorial_" + pathSpecs:      "/editorial/specs/bulk-get-specs",
		pathProject:                   "/editorial/projects/{projectId}",
		pathDeliverable:               "/editorial/deliverables/{deliverableId}",
	}
}

// paths are the spellings in use.
type paths struct {
	mu sync.Mutex
	is map[string]string
}

var placeholder = regexp.MustCompile(`\{[^{}/]+\}`)

// newPaths lays the configured spellings over the default ones.
func newPaths(own map[string]string) (*paths, error) {
	p := &paths{is: defaultPaths()}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		is, path := p.is[name], own[name]
		want := len(placeholder.FindAllString(is, -1))
		switch {
		case is == "":
			return nil, fmt.Errorf("paths: there is no %q, only %s", name, strings.Join(slices.Sorted(maps.Keys(p.is)), ", "))
		case !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?# "):
			return nil, fmt.Errorf("paths: %s must begin with a slash and hold no ?, # or space: it comes after url", name)
		case len(placeholder.FindAllString(path, -1)) != want:
			return nil, fmt.Errorf("paths: %s must hold a placeholder exactly where %s does", name, is)
		}
		p.is[name] = path
	}
	return p, nil
}

// of returns the spelling of a path and the key under which it is known.
func (p *paths) of(k kind, name string) (key, path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if own := p.is["editorial_"+name]; k == editorial && own != "" {
		return "editorial_" + name, own
	}
	return name, p.is[name]
}

// use remembers for the run that another spelling answers.
func (p *paths) use(key, path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.is[key] = path
}

// alternate is the other spelling of a path that may be tried where one is not
// there, or empty. Only the list and the submission have one: the guide's odd
// spellings of them may be slips of the pen (unverified).
func alternate(name, path string) string {
	if name != pathList && name != pathSubmit {
		return ""
	}
	for _, swap := range [][2]string{{"/expost/", "/extpost/"}, {"/export/", "/extpost/"}, {"/extpost/", "/expost/"}} {
		if swap[0] == "/extpost/" && name == pathSubmit {
			swap[1] = "/export/"
		}
		if strings.Contains(path, swap[0]) {
			return strings.Replace(path, swap[0], swap[1], 1)
		}
	}
	return ""
}
