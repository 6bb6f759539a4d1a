package grandshooting

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// exportTime is how long startexport waits for an answer before it says
// "perhaps running".
const exportTime = 30 * time.Second

// checkTransfer refuses the other thing that is called transfer_id: a v3
// transfer container (public).
func checkTransfer(v string) error {
	if uuidShape.MatchString(v) {
		return errors.New("this looks like a v3 transfer container (a UUID); here it is the number of an FTP transfer set up in Grand Shooting")
	}
	if _, err := strconv.ParseUint(v, 10, 63); err != nil {
		return fmt.Errorf("%q is no number of a transfer", v)
	}
	return nil
}

func checkRating(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 0 || n > 5 {
		return fmt.Errorf("%q is no rating from 0 to 5", v)
	}
	return nil
}

func checkLabel(v string) error {
	if !slices.Contains(strings.Fields(labels), v) {
		return fmt.Errorf("%q is none of %s", v, labels)
	}
	return nil
}

// beforeStatus refuses a status that the picture's step does not allow. Where
// the picture does not say its step, the platform decides.
func beforeStatus(ctx context.Context, c *Client, args map[string]string) error {
	var pic Picture
	if err := c.get(ctx, "/picture/"+url.PathEscape(args["picture_id"]), &pic); err != nil {
		return err
	}
	status, err := strconv.Atoi(args["picturestatus"])
	if err != nil {
		return fmt.Errorf("picturestatus: %q is no number", args["picturestatus"])
	}
	return checkStatus(int(pic.Step), status)
}

// beforeUpload refuses benches that take no uploads.
func beforeUpload(ctx context.Context, c *Client, args map[string]string) error {
	var b Bench
	if err := c.get(ctx, "/production/"+url.PathEscape(args["bench_root_id"])+"/bench/"+url.PathEscape(args["bench_id"]), &b); err != nil {
		return err
	}
	if b.Status >= archivedFrom {
		return connectors.Rejected("bench %s is archived (benchstatus %d) and takes no uploads", b.ID, b.Status)
	}
	if b.Step != exportStep {
		return nil
	}
	return connectors.Rejected("bench %s: %w", b.ID, checkStep(exportStep))
}

func (c *Client) get(ctx context.Context, path string, into any) error {
	reply, err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(reply.Body, into); err != nil {
		return fmt.Errorf("the answer to %s cannot be read: %w", path, err)
	}
	return nil
}

// uploadFile streams a file of this machine.
func uploadFile(ctx context.Context, c *Client, _ Call, args map[string]string, out io.Writer) error {
	name := args["file"]
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file", name)
	}
	if err := checkName(filepath.Base(name)); err != nil {
		return err
	}
	wait := args["wait"]
	if wait == "" {
		wait = strconv.FormatBool(info.Size() <= waitUpTo)
	}
	reply, err := c.upload(ctx, file{
		root: ID(args["bench_root_id"]), bench: ID(args["bench_id"]),
		folder: args["path"], name: filepath.Base(name), size: info.Size(),
		wait: wait, transfer: args["transfer_id"],
		open:    func() (io.ReadCloser, error) { return os.Open(name) },
		publish: func() error { return nil },
	})
	if err != nil {
		return err
	}
	return writeJSON(out, reply.Body)
}

// What became of startexport.
const (
	exportStarted = "started"
	exportRunning = "already running"
	exportUnknown = "perhaps running: no answer yet; look at the validation bench before asking again"
)

// startExport tells what became of it, as JSON.
func startExport(ctx context.Context, c *Client, call Call, args map[string]string, out io.Writer) error {
	r, err := call.request(args, nil)
	if err != nil {
		return err
	}
	state, said, err := c.startExport(ctx, r)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(map[string]any{"export": state, "reply": string(said)})
	if err != nil {
		return err
	}
	return writeJSON(out, raw)
}

// startExport reads what the document says of 102, "Export is already
// processing": as a last answer it leaves an HTTP client waiting, so the code
// itself, 423 (public, v3) and silence are all read as "running" or "perhaps".
func (c *Client) startExport(ctx context.Context, r rest.Request) (state string, said []byte, err error) {
	r.Accept = []int{http.StatusLocked}
	running := errors.New("102 Processing")
	silent := errors.New("no answer")
	limited, cancel := context.WithTimeoutCause(ctx, exportTime, silent)
	defer cancel()
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
		Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
			if code == http.StatusProcessing {
				return running
			}
			return nil
		},
	})
	reply, err := c.rest.Do(traced, r)
	switch {
	case errors.Is(err, running) || reply.Status == http.StatusLocked:
		return exportRunning, nil, nil
	case err != nil && ctx.Err() == nil && context.Cause(limited) == silent:
		return exportUnknown, nil, nil
	}
	return exportStarted, bytes.TrimSpace(reply.Body), err
}
