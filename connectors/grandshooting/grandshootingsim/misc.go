package grandshootingsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// saveReference: "If a reference already exists with the same "ref", this
// reference will be updated. Otherwise, a new reference is created."
func (s *Sim) saveReference(in Reference) (Reference, error) {
	name, _ := in["ref"].(string)
	if name == "" {
		return nil, refuse(http.StatusBadRequest, "ref is missing")
	}
	for _, ref := range s.references {
		if ref["ref"] == name {
			id := ref["reference_id"]
			maps.Copy(ref, in)
			ref["reference_id"] = id
			return ref, nil
		}
	}
	ref := maps.Clone(in)
	ref["reference_id"] = s.id()
	s.references = append(s.references, ref)
	return ref, nil
}

func (s *Sim) listReferences(w http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted := s.conditions(r.URL.Query())
	var rows []Reference
	for _, ref := range s.references {
		if s.matches(wanted, func(name string) string { return asText(ref[name]) }) {
			rows = append(rows, maps.Clone(ref))
		}
	}
	return page(w, r, rows)
}

func (s *Sim) createReference(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	var in Reference
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ref, err := s.saveReference(in)
	return maps.Clone(ref), err
}

func (s *Sim) createReferences(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	var in []Reference
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Reference{}
	for _, one := range in {
		ref, err := s.saveReference(one)
		if err != nil {
			return nil, err
		}
		out = append(out, maps.Clone(ref))
	}
	return out, nil
}

func (s *Sim) getReference(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := pathID(r, "id")
	i := slices.IndexFunc(s.references, func(ref Reference) bool { return ref["reference_id"] == id })
	if i < 0 {
		return nil, refuse(http.StatusNotFound, "Reference not found")
	}
	return maps.Clone(s.references[i]), nil
}

func (s *Sim) addColumns(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	var in []map[string]any
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	for _, column := range in {
		if column["key"] == nil || column["type"] == nil {
			return nil, refuse(http.StatusBadRequest, "key and type are required")
		}
	}
	return in, nil
}

func (s *Sim) listMethods(http.ResponseWriter, *http.Request, *Picture) (any, error) {
	return []map[string]any{{"shooting_method_id": 1, "shootingmethod": "Packshot"}}, nil
}

func (s *Sim) listLooks(http.ResponseWriter, *http.Request, *Picture) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]map[string]any{}, s.looks...), nil
}

// createLook answers "nothing", as the document says.
func (s *Sim) createLook(w http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	var in struct {
		LookSmalltext string `json:"look_smalltext"`
		Data          []map[string]any
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, entry := range in.Data {
		entry["look_smalltext"] = in.LookSmalltext
		entry["look_entry_id"] = s.id()
		s.looks = append(s.looks, entry)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil, nil
}

func (s *Sim) listStock(http.ResponseWriter, *http.Request, *Picture) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]map[string]any{}, s.stock...), nil
}

func (s *Sim) addStock(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	in := map[string]any{}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if _, ok := number(in["reference_id"]); !ok {
		return nil, refuse(http.StatusBadRequest, "reference_id must be a number")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stock = append(s.stock, in)
	return "OK", nil
}

func (s *Sim) listZones(http.ResponseWriter, *http.Request, *Picture) (any, error) {
	return []map[string]any{{"smalltext": "Shelf A"}}, nil
}

func (s *Sim) createBatch(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	in := map[string]any{}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in["batch_id"] = s.id()
	return in, nil
}

func (s *Sim) listWebhooks(http.ResponseWriter, *http.Request, *Picture) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(s.webhooks)) {
		all = append(all, s.webhooks[id])
	}
	return all, nil
}

// saveWebhook makes a webhook, or changes the one of the path.
func (s *Sim) saveWebhook(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	hook := map[string]any{}
	if err := decode(r, &hook); err != nil {
		return nil, err
	}
	topic, _ := hook["topic"].(string)
	if address, _ := hook["address"].(string); address == "" || !slices.Contains(strings.Fields("pictures/create pictures/update"), topic) {
		return nil, refuse(http.StatusBadRequest, "address or topic is missing or invalid")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := pathID(r, "id")
	if r.PathValue("id") == "" {
		id = s.id()
	} else if s.webhooks[id] == nil {
		return nil, refuse(http.StatusNotFound, "Webhook not found")
	}
	hook["webhook_id"] = id
	s.webhooks[id] = hook
	return maps.Clone(hook), nil
}

func (s *Sim) deleteWebhook(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := pathID(r, "id")
	if s.webhooks[id] == nil {
		return nil, refuse(http.StatusNotFound, "Webhook not found")
	}
	delete(s.webhooks, id)
	return "OK", nil
}
