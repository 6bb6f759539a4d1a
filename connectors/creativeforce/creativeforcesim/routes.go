package creativeforcesim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// routes lists the endpoints of the guide with the operation each counts as.
func (s *Sim) routes() {
	s.open("POST /connect/token", "token", s.token)
	s.open("PUT /storage/{asset}/{name}", "put", s.put)
	s.open("GET /files/{file}", "download", s.download)

	for prefix, editorial := range map[string]bool{"/v1": false, "/v1/editorial": true} {
		list := s.opt.ListPath
		if editorial && list == "expost" {
			list = "extpost" // the guide prints no list of editorial tasks
		}
		s.handle("GET "+prefix+"/"+list+"/tasks", "list", s.list(editorial))
		s.handle("GET "+prefix+"/extpost/tasks/{task}", "task", s.with(editorial, s.detail))
		s.handle("GET "+prefix+"/extpost/tasks/{task}/annotation", "annotation", s.with(editorial, s.annotation))
		s.handle("PUT "+prefix+"/extpost/tasks/{task}/start", "start", s.with(editorial, s.start))
		s.handle("POST "+prefix+"/"+s.opt.SubmitPath+"/tasks/{task}/submit-assets", "submit", s.with(editorial, s.submit))
		s.handle("POST "+prefix+"/specs/bulk-get-specs", "specs", s.bulkSpecs)
	}
	s.handle("POST /v1/assets/bulk-get-assets", "assets", s.bulkAssets)
	s.handle("POST /v1/files/bulk-get-files", "files", s.bulkFiles)
	s.handle("POST /v1/assets/get-presigned-url", "presign", s.presign)
	for path, field := range map[string]string{
		"/v1/jobs/{id}": "name", "/v1/products/{id}": "productCode", "/v1/editorial/projects/{id}": "name", "/v1/editorial/deliverables/{id}": "name",
	} {
		s.handle("GET "+path, "name", s.name(field))
	}
}

// decode reads a JSON body.
func decode(r *http.Request, into any) error {
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 16<<20)).Decode(into); err != nil {
		return refuse(http.StatusBadRequest, "the body is no JSON of the right kind: %v", err)
	}
	return nil
}

// with finds the task of a path. The lock is held while do runs.
func (s *Sim) with(editorial bool, do func(r *http.Request, t *task) (any, error)) work {
	return func(_ http.ResponseWriter, r *http.Request, _ *Event) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		t := s.task(r.PathValue("task"))
		if t == nil || t.Editorial != editorial || s.opt.Gone && t.Status == Cancelled {
			return nil, refuse(http.StatusNotFound, "Task not found")
		}
		return do(r, t)
	}
}

func (s *Sim) list(editorial bool) work {
	return func(_ http.ResponseWriter, r *http.Request, _ *Event) (any, error) {
		q := r.URL.Query()
		if q.Get("postProductionVendorId") == "" {
			return nil, refuse(http.StatusNotFound, "")
		}
		number, err := strconv.Atoi(q.Get("pageNumber"))
		size, err2 := strconv.Atoi(q.Get("pageSize"))
		if err != nil || err2 != nil || number < 1 || size < 1 {
			return nil, refuse(http.StatusBadRequest, "pageNumber and pageSize must be positive")
		}
		size = min(size, s.opt.PageSize)
		s.mu.Lock()
		defer s.mu.Unlock()
		rows := []any{}
		for _, t := range s.tasks {
			open := t.status() != Done && t.status() != Cancelled && !(s.opt.QuietReview && t.status() == InReview)
			if t.Editorial == editorial && open && q.Get("postProductionVendorId") == s.opt.Vendor {
				rows = append(rows, s.row(t))
			}
		}
		from := min((number-1)*size, len(rows))
		rows = rows[from:min(from+size, len(rows))]
		return map[string]any{"tasks": rows, "pageData": rows, "pageInfo": map[string]any{"pageNumber": number, "pageSize": size}}, nil
	}
}

// row is an entry of the list.
func (s *Sim) row(t *task) map[string]any {
	status := t.status()
	rejected := t.Round > 1 && status != InReview && status != Done
	if status == Rejected && !s.opt.RejectedWord {
		status = ToDo
	}
	row := map[string]any{
		"taskId": t.ID, "status": status, "isRejected": rejected, "clientId": clientID, "contentCreationTypeId": 1, "modified": t.modified,
	}
	if t.Editorial {
		row["contentCreationTypeId"], row["editorialProjectId"], row["editorialDeliverableId"] = 2, t.group, []string{t.one}
	} else {
		row["jobId"], row["productId"] = t.group, t.one
	}
	if t.new.Deadline != "" {
		row["deadline"] = t.new.Deadline
	}
	return row
}

func (s *Sim) detail(_ *http.Request, t *task) (any, error) {
	all := s.row(t)
	inputs, outputs := []any{}, []any{}
	for i, in := range t.new.Inputs {
		ids := []any{}
		for _, o := range t.Outputs {
			if o.Input == i {
				ids = append(ids, map[string]any{"expectedOutputId": o.ID, "fileName": o.Name, "specId": o.spec})
			}
		}
		inputs = append(inputs, map[string]any{"assetId": in.asset, "fileId": in.file, "fileName": in.Name, "expectedOutputs": ids})
	}
	for _, o := range t.Outputs {
		out := map[string]any{"expectedOutputId": o.ID, "fileName": o.Name, "specId": o.spec, "isSubmitted": o.Submitted, "isRejected": o.Rejected}
		if o.Input < len(t.new.Inputs) {
			out["inputAssetId"] = t.new.Inputs[o.Input].asset
		}
		outputs = append(outputs, out)
	}
	// The flags stand in the list beside the inputs only.
	all["inputAssets"], all["expectedOutputs"] = inputs, outputs
	return all, nil
}

func (s *Sim) annotation(_ *http.Request, t *task) (any, error) {
	notes := []any{}
	for _, n := range t.new.Notes {
		note := map[string]any{"type": "Instruction", "text": n.Text, "markings": n.Markings}
		if n.Rejection {
			note["type"] = "Rejection"
		}
		if i := slices.IndexFunc(t.Outputs, func(o Output) bool { return o.Name == n.Output }); i >= 0 {
			note["expectedOutputId"] = t.Outputs[i].ID
		}
		notes = append(notes, note)
	}
	return map[string]any{"annotations": notes}, nil
}

func (s *Sim) start(_ *http.Request, t *task) (any, error) {
	switch t.Status { // what shows late is known here at once
	case ToDo, Rejected:
		t.Status = InProgress
		t.Starts++
		t.modified++
		return map[string]any{}, nil
	case InProgress:
		return nil, coded(409, "Task is already started")
	}
	return nil, coded(6, "Task cannot be started")
}

func (s *Sim) bulkSpecs(_ http.ResponseWriter, r *http.Request, _ *Event) (any, error) {
	var in struct{ SpecIDs []string }
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, id := range in.SpecIDs {
		spec, known := s.specs[id]
		if !known {
			continue
		}
		row := map[string]any{"specId": id, "name": spec.Name, "format": spec.Format, "colorProfileName": spec.Profile}
		for name, n := range map[string]int64{
			"width": int64(spec.Width), "height": int64(spec.Height), "dpi": int64(spec.DPI), "maxLength": spec.MaxLength,
		} {
			if n > 0 {
				row[name] = n
			}
		}
		list = append(list, row)
	}
	return map[string]any{"specs": list}, nil
}

func (s *Sim) bulkAssets(_ http.ResponseWriter, r *http.Request, _ *Event) (any, error) {
	var in struct{ AssetIDs []string }
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, id := range in.AssetIDs {
		if f := s.files[s.assets[id]]; f != nil {
			list = append(list, s.fileRow(r, f, !s.opt.HideURLs))
		}
		if t := s.temps[id]; t != nil && !t.put.IsZero() && !s.opt.HideTemp {
			list = append(list, map[string]any{"assetId": id, "fileId": t.id, "fileName": t.name, "length": t.file.Size})
		}
	}
	return map[string]any{"assets": list}, nil
}

func (s *Sim) bulkFiles(_ http.ResponseWriter, r *http.Request, _ *Event) (any, error) {
	var in struct{ FileIDs []string }
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, id := range in.FileIDs {
		if f := s.files[id]; f != nil {
			list = append(list, s.fileRow(r, f, true))
		}
	}
	return map[string]any{"files": list}, nil
}

func (s *Sim) fileRow(r *http.Request, f *file, address bool) map[string]any {
	row := map[string]any{
		"assetId": f.asset, "fileId": f.id, "fileName": f.Name, "length": f.Size, "imageInformation": map[string]any{"dimension": f.dimension},
	}
	if address {
		row["fileUrl"] = s.fileURL(r, f)
	}
	return row
}

func (s *Sim) name(field string) work {
	return func(_ http.ResponseWriter, r *http.Request, _ *Event) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		name, known := s.names[r.PathValue("id")]
		if !known {
			return nil, refuse(http.StatusNotFound, "not found")
		}
		return map[string]any{"id": r.PathValue("id"), field: name}, nil
	}
}

// The statusCodes of refused submissions.
const (
	taskClosed, unknownAsset, usedAsset, notAll, notWanted = 6, 24, 25, 104, 105
)

// submit takes a round: all that is expected, or after a rejection exactly the
// corrections.
func (s *Sim) submit(r *http.Request, t *task) (any, error) {
	var in struct {
		Assets []struct{ ExpectedOutputID, AssetID string }
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	sub := Submission{Task: t.ID, Round: t.Round, At: time.Now(), Files: map[string]File{}}
	var late, used bool
	for _, a := range in.Assets {
		o := slices.IndexFunc(t.Outputs, func(o Output) bool { return o.ID == a.ExpectedOutputID })
		f := s.temps[a.AssetID]
		switch {
		case o < 0 || t.Round > 1 && !t.Outputs[o].Rejected:
			return nil, coded(notWanted, "output %s is not wanted", a.ExpectedOutputID)
		case f == nil || f.put.IsZero() || time.Since(f.put) < s.opt.Lag:
			late = true
		case f.used:
			used = true
		default:
			sub.Files[t.Outputs[o].Name] = f.file
		}
	}
	if used || t.Status != ToDo && t.Status != InProgress && t.Status != Rejected {
		s.doubles = append(s.doubles, sub)
	}
	switch {
	case t.Status != ToDo && t.Status != InProgress && t.Status != Rejected:
		return nil, coded(taskClosed, "Task is %s", t.Status)
	case late:
		return nil, coded(unknownAsset, "Unknown asset")
	case used:
		return nil, coded(usedAsset, "Asset was submitted before")
	case len(sub.Files) != t.wanted():
		return nil, coded(notAll, "%d of %d expected outputs", len(sub.Files), t.wanted())
	}
	for _, a := range in.Assets {
		s.temps[a.AssetID].used = true
		o := slices.IndexFunc(t.Outputs, func(o Output) bool { return o.ID == a.ExpectedOutputID })
		t.Outputs[o].Asset, t.Outputs[o].Submitted, t.Outputs[o].Rejected = a.AssetID, true, false
	}
	return s.take(t, sub), nil
}

// take moves a task on.
func (s *Sim) take(t *task, sub Submission) any {
	t.shown, t.settled = t.Status, time.Now().Add(s.opt.Settle)
	t.Status = InReview
	t.modified++
	s.submissions = append(s.submissions, sub)
	if s.opt.SilentSubmit {
		return nil
	}
	return map[string]any{"statusCode": 1}
}

// wanted is how many outputs this round must have.
func (t *task) wanted() (n int) {
	for _, o := range t.Outputs {
		if t.Round == 1 || o.Rejected {
			n++
		}
	}
	return n
}
