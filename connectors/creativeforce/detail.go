package creativeforce

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// fetchTask asks all that the guide lists before "Start task": detail,
// annotations, assets, specs, and the names for people. The caller holds the
// turn of its sheet.
func (a *account) fetchTask(ctx context.Context, k key) (*task, error) {
	reply, err := a.get(ctx, pathDetail, k, k.id)
	if err != nil {
		return nil, err
	}
	detail, err := decodeTask(reply)
	if err != nil {
		return nil, err
	}
	notes, err := a.notesOf(ctx, k)
	if err != nil {
		return nil, err
	}
	t := a.opt.newTask(k, detail, notes)
	if t.status == strange {
		if _, told := a.strange.LoadOrStore(t.word, true); !told {
			a.log.Warn("A task has a status that is not known; write what it means into statuses", "status", t.word, "task", k.id)
		}
	}
	if t.job, t.product, err = a.namesOf(ctx, k, detail); err != nil {
		return nil, err
	}
	if err := a.describe(ctx, t); err != nil {
		return nil, err
	}
	n, err := a.observe(t)
	t.round, t.folder = n.Round, n.Folder
	return t, err
}

// notesOf asks for the annotations. That a task without any may have none to ask
// for is unverified.
func (a *account) notesOf(ctx context.Context, k key) ([]annotation, error) {
	reply, err := a.get(ctx, pathAnnotation, k, k.id)
	if status, _ := rest.StatusOf(err); status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeAnnotations(reply)
}

func (a *account) get(ctx context.Context, path string, k key, id string) ([]byte, error) {
	reply, err := a.gateway.do(ctx, call{method: http.MethodGet, path: path, kind: k.kind, id: id})
	return reply.Body, err
}

// describe adds what assets and specs tell, and gives each file its name on disk.
func (a *account) describe(ctx context.Context, t *task) error {
	if t.wanted() {
		if err := a.measure(ctx, t); err != nil {
			return err
		}
	}
	specs, err := a.specsOf(ctx, t)
	if err != nil {
		return err
	}
	inputs, outputs := distinct{}, distinct{}
	for _, name := range []string{instructionsName, taskFileName} {
		inputs.take(name)
	}
	for i := range t.inputs {
		in := &t.inputs[i]
		in.disk = inputs.take(safeName(in.fileName, "input"))
	}
	for i := range t.outputs {
		o := &t.outputs[i]
		if known, ok := specs[string(o.spec.SpecID)]; ok {
			o.spec = known
		}
		name := safeName(o.name, "output")
		if want := formatOf(string(o.spec.Format)); want != "" && formatOf(name) != want {
			name = strings.TrimSuffix(name, extOf(name)) + extensionOf(want)
		}
		o.disk = outputs.take(name)
	}
	return nil
}

// measure asks how large the inputs are ("Download input & spec").
func (a *account) measure(ctx context.Context, t *task) error {
	var ids []string
	for _, in := range t.inputs {
		if in.asset != "" {
			ids = append(ids, in.asset)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	files, err := a.bulk(ctx, pathAssets, ids)
	if err != nil {
		return err
	}
	for i := range t.inputs {
		in := &t.inputs[i]
		for _, f := range files {
			if in.asset != "" && string(f.AssetID) == in.asset {
				in.fileName, in.file = first(text(in.fileName), f.FileName), first(f.FileID, text(in.file))
				in.dimension = string(f.ImageInformation.Dimension)
				if n := f.Length.whole(); n > 0 {
					in.size = n
				}
			}
		}
	}
	return nil
}

// bulk asks for assets or files.
func (a *account) bulk(ctx context.Context, path string, ids []string) ([]fileReply, error) {
	body := map[string][]string{"assetIds": ids}
	if path == pathFiles {
		body = map[string][]string{"fileIds": ids}
	}
	reply, err := a.gateway.do(ctx, call{method: http.MethodPost, path: path, body: body})
	if err != nil {
		return nil, err
	}
	return decodeFiles(reply.Body)
}

// specs are those that were read; a spec is taken not to change in a run.
type specs struct {
	mu    sync.Mutex
	known map[key]specReply
}

// specsOf returns the specs of a task's outputs by their ids.
func (a *account) specsOf(ctx context.Context, t *task) (map[string]specReply, error) {
	is, ask := map[string]specReply{}, []string{}
	a.specs.mu.Lock()
	for _, o := range t.outputs {
		id := string(o.spec.SpecID)
		known, ok := a.specs.known[key{t.kind, id}]
		if _, asked := is[id]; id == "" || asked {
			continue
		} else if !ok {
			ask = append(ask, id)
		}
		is[id] = known
	}
	a.specs.mu.Unlock()
	if len(ask) == 0 {
		return is, nil
	}
	reply, err := a.gateway.do(ctx, call{method: http.MethodPost, path: pathSpecs, kind: t.kind, body: map[string][]string{"specIds": ask}})
	if err != nil {
		return nil, err
	}
	list, err := decodeSpecs(reply.Body)
	a.specs.mu.Lock()
	defer a.specs.mu.Unlock()
	if a.specs.known == nil {
		a.specs.known = map[key]specReply{}
	}
	for _, s := range list {
		id := first(s.SpecID, s.ID)
		is[id] = s
		a.specs.known[key{t.kind, id}] = s
	}
	return is, err
}

// names are what people call jobs, products, projects and deliverables.
type names struct{ known sync.Map }

// namesOf asks for the names of the folders: optional information in the guide,
// and so what is refused is no error; its id stands in.
func (a *account) namesOf(ctx context.Context, k key, t taskReply) (job, product string, err error) {
	if k.kind == editorial {
		deliverable := text("")
		if len(t.EditorialDeliverableID) > 0 {
			deliverable = t.EditorialDeliverableID[0]
		}
		if job, err = a.nameOf(ctx, pathProject, k, string(t.EditorialProjectID)); err == nil {
			product, err = a.nameOf(ctx, pathDeliverable, k, string(deliverable))
		}
		return job, product, err
	}
	if job, err = a.nameOf(ctx, pathJob, k, string(t.JobID)); err == nil {
		product, err = a.nameOf(ctx, pathProduct, k, string(t.ProductID))
	}
	return job, product, err
}

func (a *account) nameOf(ctx context.Context, path string, k key, id string) (string, error) {
	if id == "" {
		return k.id, nil
	}
	if known, ok := a.names.known.Load(path + id); ok {
		return known.(string), nil
	}
	name := id
	reply, err := a.get(ctx, path, k, id)
	if err == nil {
		var told string
		if told, err = decodeName(reply); err == nil && told != "" {
			name = told
		}
	}
	if err != nil && !errors.Is(err, connectors.ErrRejected) && !errors.As(err, new(*shapeError)) {
		return "", err
	}
	if err != nil {
		a.log.Warn("Creative Force does not tell a name; its id is used", "of", path, "id", id, "error", err)
	}
	a.names.known.Store(path+id, name)
	return name, nil
}
