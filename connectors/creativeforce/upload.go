package creativeforce

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// Spellings of fileMd5.
const (
	md5Grouped = "grouped"
	md5GUID    = "guid"
	md5Hex     = "hex"
	md5Base64  = "base64"
)

// spell writes an MD5 as the platform wants it.
func spell(sum []byte, how string) string {
	switch how {
	case md5Hex:
		return hex.EncodeToString(sum)
	case md5Base64:
		return base64.StdEncoding.EncodeToString(sum)
	case md5GUID: // a Guid has its first three fields in little endian
		sum = []byte{sum[3], sum[2], sum[1], sum[0], sum[5], sum[4], sum[7], sum[6], sum[8], sum[9], sum[10], sum[11], sum[12], sum[13], sum[14], sum[15]}
	}
	s := strings.ToUpper(hex.EncodeToString(sum))
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}

// sumOf is the MD5 of p. No digest of a photo that goes out has one, so it is
// read for that, once more than it is sent.
func sumOf(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error)) ([]byte, error) {
	if sum, err := hex.DecodeString(p.Digests.MD5); err == nil && len(sum) == md5.Size {
		return sum, nil
	}
	file, err := open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	sum := md5.New()
	whole := &exactly{name: p.Name, size: p.Size, left: p.Size, file: file, sum: sum}
	buffer := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		switch _, err := whole.Read(buffer); {
		case err == io.EOF:
			return sum.Sum(nil), nil
		case err != nil:
			return nil, fmt.Errorf("reading what is to be sent: %w", err)
		}
	}
}

// A ticket is where one file may be put, for some time.
type ticket struct {
	place
	headers headers
	got     time.Time
	life    time.Duration // 0 if the address does not tell
}

// expired reports whether the address cannot be used any more. Both times are of
// this machine: its clock may be wrong.
func (t ticket) expired() bool { return t.life > 0 && time.Since(t.got) >= t.life }

// lifeOf reads how long an address of Amazon S3 is good for (public, AWS).
func lifeOf(address string) time.Duration {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	seconds, err := strconv.Atoi(u.Query().Get("X-Amz-Expires"))
	if err != nil || seconds < 1 || seconds > 7*24*3600 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// presign asks where to put a photo ("Upload all output files to CF storage").
// Errors of single files come inside a 200 (public, unofficial).
func (a *account) presign(ctx context.Context, s spot, p connectors.Photo, sum []byte) (ticket, error) {
	got := time.Now()
	reply, err := a.gateway.do(ctx, call{method: http.MethodPost, path: pathPresign, body: presignRequest{
		ClientID: s.task.client, PhysicalFileTypeID: a.opt.FileType,
		Files: []presignFile{{FileName: s.output.fileName(), LocalID: p.ID, FileLength: p.Size, FileMD5: spell(sum, a.opt.MD5)}},
	}})
	if err != nil {
		return ticket{}, err
	}
	told, err := decodePresign(reply.Body)
	if err != nil {
		return ticket{}, err
	}
	if len(told.ErrorFiles) > 0 {
		return ticket{}, a.unsigned(p.Name, told.ErrorFiles[0].ErrorCode.whole())
	}
	if len(told.Files) != 1 || told.Files[0].PresignedURL == "" || told.Files[0].TempAssetID == "" {
		return ticket{}, odd("Creative Force answered %d places for one upload, or none with an address and an id", len(told.Files))
	}
	place := told.Files[0]
	if place.LocalID != "" && string(place.LocalID) != p.ID {
		return ticket{}, odd("Creative Force answered with the place of another upload")
	}
	return ticket{place, told.Headers, got, lifeOf(string(place.PresignedURL))}, nil
}

// unsigned explains the errorCode of a file (public, unofficial).
func (a *account) unsigned(name string, code int64) error {
	what := map[int64]string{
		1: "it has no name", 3: "its checksum is missing", 11: "its local id is missing", 12: "its length is missing", 13: "file_type is wrong",
	}[code]
	switch {
	case code == 14:
		return connectors.Denied("account %s: Creative Force takes no files for this client (error 14): it is wrong, disabled or gone; ask the studio", a.name)
	case what != "":
		return connectors.Rejected("Creative Force does not take %s: %s (error %d); correct account %s, then retry", name, what, code, a.name)
	}
	return connectors.Rejected("Creative Force does not take %s (error %d, which is not known); ask the studio, then retry", name, code)
}

// fileName is what the platform expects the output to be called.
func (o output) fileName() string {
	if want := formatOf(string(o.spec.Format)); o.name != "" && (want == "" || want == formatOf(o.name)) {
		return o.name
	}
	return o.disk
}

// put sends a photo to its place, with the headers that were signed. before is
// called right before its first byte goes out.
func (a *account) put(ctx context.Context, t ticket, p connectors.Photo, sum []byte, open func() (io.ReadCloser, error), before func() error) error {
	far, path, err := a.web.at(string(t.PresignedURL))
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {contentType(p.Name)}}
	for _, name := range t.headers.names() {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Authorization":
		default:
			header.Set(name, t.headers[name])
		}
	}
	body := &exactly{name: p.Name, size: p.Size, left: p.Size, want: sum, sum: md5.New()}
	_, err = far.Do(ctx, rest.Request{
		Method: http.MethodPut, Path: path, Header: header, Body: body, Length: p.Size,
		Before: func() (err error) {
			if body.file, err = open(); err != nil {
				return err
			}
			return before()
		},
	})
	return hide(err)
}

// contentType is by the name, as for a browser.
func contentType(name string) string {
	switch format := formatOf(extOf(name)); format {
	case "jpeg", "tiff", "png", "webp", "avif", "gif":
		return "image/" + format
	case "psd", "psb":
		return "image/vnd.adobe.photoshop"
	case "mp4", "webm":
		return "video/" + format
	case "mov":
		return "video/quicktime"
	}
	return "application/octet-stream"
}

// exactly reads a file that must have just so many bytes and, where want is set,
// that very MD5. Otherwise it fails before it gives the last bytes, so that the
// storage never has the whole of a wrong file.
type exactly struct {
	name       string
	size, left int64
	file       io.ReadCloser
	sum        hash.Hash
	want       []byte
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, e.end()
	}
	n, err := e.file.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	e.sum.Write(p[:n])
	switch {
	case err == io.EOF && e.left > 0:
		return 0, fmt.Errorf("%s has become shorter than %d bytes while it was sent: %w", e.name, e.size, io.ErrUnexpectedEOF)
	case err != nil && err != io.EOF:
		return n, err
	}
	if e.left == 0 {
		if bad := e.end(); bad != io.EOF {
			return 0, bad
		}
	}
	return n, nil
}

// end is io.EOF if the file ends here and is what it was.
func (e *exactly) end() error {
	var more [1]byte
	n, err := io.ReadFull(e.file, more[:])
	switch {
	case n > 0:
		return fmt.Errorf("%s has become longer than %d bytes while it was sent", e.name, e.size)
	case err != io.EOF:
		return err
	case e.want != nil && string(e.sum.Sum(nil)) != string(e.want):
		return fmt.Errorf("%s was changed while it was sent", e.name)
	}
	return io.EOF
}

func (e *exactly) Close() error {
	if e.file == nil {
		return nil
	}
	return e.file.Close()
}
