package grandshootingsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// routes lists the endpoints of grand-shooting-api.txt with the operation each
// counts as.
func (s *Sim) routes() {
	s.handle("GET /v2/look", "look", s.listLooks)
	s.handle("POST /v2/look", "look", s.createLook)

	s.handle("GET /v2/picture", "list", s.listPictures)
	s.handle("GET /v2/picture/{id}", "picture", s.withPicture(s.getPicture))
	s.handle("DELETE /v2/picture/{id}", "delete", s.withPicture(s.deletePicture))
	s.handle("GET /v2/picture/{id}/download", "download", s.download)
	s.handle("GET /v2/picture/{id}/tag", "tag", s.withPicture(s.getTags))
	s.handle("PUT /v2/picture/{id}/tag", "tag", s.withPicture(s.setTags))
	s.handle("GET /v2/picture/{id}/specification", "specification", s.withPicture(s.getSpecification))
	s.handle("POST /v2/picture/{id}/picturestatus", "status", s.withPicture(s.setStatus))
	s.handle("POST /v2/picture/{id}/edit", "edit", s.withPicture(s.editPicture))
	s.handle("POST /v2/picture/edit/bulk", "edit", s.editPictures)
	s.handle("PUT /v2/picture/{id}/frame", "frame", s.withPicture(s.setFrame))

	s.handle("POST /v2/picture/{id}/publicurl", "publicurl", s.publicURL)

	s.mux.HandleFunc("GET /files/{id}", s.file)
	s.mux.HandleFunc("GET /thumbs/{id}/{version}", s.thumbnail)
	s.mux.HandleFunc("GET /public/{key}", s.publicFile)

	s.handle("GET /v2/production", "production", s.listProductions)
	s.handle("POST /v2/production", "production", s.createProduction)
	s.handle("PUT /v2/production/{root}", "production", s.updateProduction)
	s.handle("GET /v2/production/template", "production", s.listTemplates)
	s.handle("GET /v2/production/{root}/bench", "production", s.listBenches)
	s.handle("GET /v2/production/{root}/bench/{bench}", "production", s.getBench)
	s.handle("POST /v2/production/{root}/reference", "production", s.addReferences)
	s.handle("GET /v2/production/{root}/startexport", "export", s.startExport)
	s.handle("POST /v2/production/{root}/bench/{bench}/upload", "upload", s.upload)
	s.handle("POST /v2/production/{root}/bench/{bench}/upload/url", "upload-url", s.uploadURLs)

	s.handle("GET /v2/reference", "reference", s.listReferences)
	s.handle("POST /v2/reference", "reference", s.createReference)
	s.handle("GET /v2/reference/{id}", "reference", s.getReference)
	s.handle("POST /v2/reference/bulk", "reference", s.createReferences)
	s.handle("POST /v2/reference/column", "reference", s.addColumns)

	s.handle("GET /v2/shootingmethod", "shootingmethod", s.listMethods)
	s.handle("GET /v2/stock", "stock", s.listStock)
	s.handle("POST /v2/stock", "stock", s.addStock)
	s.handle("GET /v2/stock/zone", "stock", s.listZones)
	s.handle("POST /v2/stock/batch", "stock", s.createBatch)

	s.handle("GET /v2/webhook", "webhook", s.listWebhooks)
	s.handle("POST /v2/webhook", "webhook", s.saveWebhook)
	s.handle("PUT /v2/webhook/{id}", "webhook", s.saveWebhook)
	s.handle("DELETE /v2/webhook/{id}", "webhook", s.deleteWebhook)
}

// decode reads a JSON body.
func decode(r *http.Request, into any) error {
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 16<<20)).Decode(into); err != nil {
		return refuse(http.StatusBadRequest, "the body is no JSON of the right kind: %v", err)
	}
	return nil
}

// number reads a number that may come as text.
func number(v any) (int, bool) {
	switch v := v.(type) {
	case float64:
		return int(v), v == float64(int(v))
	case string:
		n, err := strconv.Atoi(v)
		return n, err == nil
	}
	return 0, false
}

func pathID(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.PathValue(name))
	if err != nil {
		return -1
	}
	return n
}

// page writes one page of rows and its headers: "pagination of 100", "You can
// set the offset of pagination with the header 'offset'".
func page[T any](w http.ResponseWriter, r *http.Request, rows []T) ([]T, error) {
	const size, farthest = 100, 10_000
	offset := 0
	if text := r.Header.Get("offset"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return nil, refuse(http.StatusBadRequest, "invalid offset %q", text)
		}
		offset = n
	}
	if offset > farthest {
		return nil, refuse(http.StatusBadRequest, "offset may not exceed %d", farthest)
	}
	from := min(offset, len(rows))
	part := rows[from:min(from+size, len(rows))]
	w.Header().Set("X-Total-Count", fmt.Sprint(len(rows)))
	w.Header().Set("X-Offset", fmt.Sprint(offset))
	w.Header().Set("X-Count", fmt.Sprint(len(part)))
	return append([]T{}, part...), nil
}
