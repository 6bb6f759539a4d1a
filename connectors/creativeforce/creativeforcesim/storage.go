package creativeforcesim

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// A File is what the storage has.
type File struct {
	Name   string
	Size   int64
	SHA256 string // hex
}

type file struct {
	File
	id, asset, dimension string
	content              []byte
}

// A temp is an upload that was asked for.
type temp struct {
	id, asset, signature string
	name, md5            string
	length               int64
	until                time.Time
	put                  time.Time // zero before
	used                 bool
	file                 File
}

// The errorCodes of files.
const (
	noFileName, noMD5, noLocalID, noLength, badType, badClient = 1, 3, 11, 12, 13, 14
)

// signedHeader must come back with an upload, as S3 wants it.
const signedHeader, signedValue = "x-amz-server-side-encryption", "AES256"

// clientID is the studio's.
const clientID = "c11e47c1-0000-4000-8000-000000000001"

type wantedFile struct {
	FileName, LocalID, FileMD5 string
	FileLength                 *int64
}

func (s *Sim) presign(_ http.ResponseWriter, r *http.Request, _ *Event) (any, error) {
	var in struct {
		ClientID           string
		PhysicalFileTypeID int
		Files              []wantedFile
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	places, errs := []any{}, []any{}
	for _, f := range in.Files {
		code := f.code()
		switch {
		case in.ClientID != clientID:
			code = badClient
		case in.PhysicalFileTypeID < 1 || in.PhysicalFileTypeID > 10:
			code = badType
		}
		if code != 0 {
			errs = append(errs, map[string]any{"errorCode": code, "localId": f.LocalID})
			continue
		}
		places = append(places, s.place(r, f))
	}
	return map[string]any{"headers": map[string]any{signedHeader: signedValue}, "files": places, "errorFiles": errs}, nil
}

// code is what is wrong with a file that is to be uploaded; 0 for nothing.
func (f wantedFile) code() int {
	switch {
	case f.FileName == "":
		return noFileName
	case f.FileMD5 == "":
		return noMD5
	case f.LocalID == "":
		return noLocalID
	case f.FileLength == nil || *f.FileLength < 1:
		return noLength
	}
	return 0
}

// place makes room for a file.
func (s *Sim) place(r *http.Request, f wantedFile) map[string]any {
	t := &temp{
		id: guid(), asset: guid(), signature: strings.ReplaceAll(guid()+guid(), "-", ""), name: f.FileName,
		md5: strings.ToLower(strings.ReplaceAll(f.FileMD5, "-", "")), length: *f.FileLength, until: time.Now().Add(s.opt.UploadLife),
	}
	s.temps[t.asset] = t
	s.tempOrder = append(s.tempOrder, t.asset)
	query := url.Values{
		"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Expires": {strconv.Itoa(int(s.opt.UploadLife / time.Second))}, "X-Amz-Signature": {t.signature},
	}
	return map[string]any{
		"presignedUrl": s.storage(r) + "/storage/" + t.asset + "/" + url.PathEscape(t.name) + "?" + query.Encode(),
		"tempFileId":   t.id, "tempAssetId": t.asset, "localId": f.LocalID,
	}
}

func (s *Sim) storage(r *http.Request) string {
	if s.opt.StorageFrom != "" {
		return s.opt.StorageFrom
	}
	return "http://" + r.Host
}

// forbidden answers as S3 does.
func forbidden(code, message string) error {
	return refusal{http.StatusForbidden, fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, message)}
}

// put takes an upload, as S3 does: whole or not at all, and once more under the
// same address while that is good.
func (s *Sim) put(_ http.ResponseWriter, r *http.Request, e *Event) (any, error) {
	s.mu.Lock()
	t := s.temps[r.PathValue("asset")]
	var until time.Time
	if t != nil {
		until = t.until
	}
	s.mu.Unlock()
	switch {
	case t == nil || r.URL.Query().Get("X-Amz-Signature") != t.signature:
		return nil, forbidden("SignatureDoesNotMatch", "The request signature we calculated does not match")
	case !time.Now().Before(until):
		return nil, forbidden("AccessDenied", "Request has expired")
	case r.Header.Get(signedHeader) != signedValue || r.Header.Get("Content-Type") == "":
		return nil, forbidden("AccessDenied", "There were headers present in the request which were not signed, or the other way round")
	case r.Header.Get("Authorization") != "":
		return nil, refuse(http.StatusBadRequest, "Only one auth mechanism allowed")
	case r.ContentLength < 0:
		return nil, refuse(http.StatusLengthRequired, "MissingContentLength")
	}
	sum, check := sha256.New(), md5.New()
	n, err := io.Copy(io.MultiWriter(sum, check), r.Body)
	if err != nil || n != r.ContentLength {
		return nil, fmt.Errorf("%w: %w", faults.ErrBroken, io.ErrUnexpectedEOF)
	}
	if n != t.length || hex.EncodeToString(check.Sum(nil)) != t.md5 {
		return nil, refuse(http.StatusBadRequest, "BadDigest")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.put, t.file = time.Now(), File{t.name, n, hex.EncodeToString(sum.Sum(nil))}
	e.File = t.file
	return nil, nil
}

// Uploads are all files that were put, in the order in which they were asked for.
func (s *Sim) Uploads() (all []File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, asset := range s.tempOrder {
		if t := s.temps[asset]; !t.put.IsZero() {
			all = append(all, t.file)
		}
	}
	return all
}

// LoseUploads forgets all that was put and not submitted.
func (s *Sim) LoseUploads() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.temps {
		if !t.used {
			t.put = time.Time{}
		}
	}
}

func (s *Sim) download(w http.ResponseWriter, r *http.Request, _ *Event) (any, error) {
	s.mu.Lock()
	f := s.files[r.PathValue("file")]
	s.mu.Unlock()
	until, err := strconv.ParseInt(r.URL.Query().Get("Expires"), 10, 64)
	switch {
	case r.Header.Get("Authorization") != "":
		return nil, refuse(http.StatusBadRequest, "Only one auth mechanism allowed")
	case err != nil || time.Now().After(time.UnixMilli(until)):
		return nil, forbidden("AccessDenied", "Request has expired")
	case f == nil || r.URL.Query().Get("Signature") != "signature-of-"+f.id:
		return nil, forbidden("AccessDenied", "Access Denied")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(f.content)))
	if _, err = io.Copy(w, bytes.NewReader(f.content)); err != nil {
		return nil, faults.ErrBroken // nobody is there to answer
	}
	return nil, nil
}

func (s *Sim) fileURL(r *http.Request, f *file) string {
	query := url.Values{"Expires": {fmt.Sprint(time.Now().Add(s.opt.DownloadLife).UnixMilli())}, "Signature": {"signature-of-" + f.id}}
	return s.storage(r) + "/files/" + f.id + "?" + query.Encode()
}
