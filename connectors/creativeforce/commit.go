package creativeforce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// commit submits a round of a task ("Submit asset output mapping"): all that is
// expected at once, or after a rejection the corrections only, and no upload of an
// earlier round. The task is read first, every time. In review, done or in a later
// round, what was submitted counts as taken. An outcome that is not known is found
// out: nothing is submitted again before submit_doubt has passed and the platform
// still wants this very round.
func (a *account) commit(ctx context.Context, batch string, delivered []connectors.Receipt, publish func() error) error {
	k, round, ok := parseBatch(batch)
	if !ok {
		return connectors.Rejected("%s is no task of Creative Force", batch)
	}
	select {
	case a.submitting <- struct{}{}:
		defer func() { <-a.submitting }()
	case <-ctx.Done():
		return ctx.Err()
	}
	t, err := a.read(ctx, k, 0)
	if notThere(err) {
		return connectors.Rejected("task %s is not there any more: it was called off, and nothing was submitted", k.id)
	}
	if err != nil {
		return later("looking whether the task still waits for its outputs", err)
	}
	var sent submission
	known, err := a.recall(submissionKey(batch), &sent)
	if err != nil {
		return err
	}
	uploads, err := a.uploadsOf(t, batch, delivered)
	if err != nil {
		return err
	}
	over := t.round > round || t.status == review || t.status == done
	switch {
	case over || sent.Done:
		return a.taken(t, batch, uploads, known, sent)
	case t.status == cancelled:
		return connectors.Rejected("%s was cancelled, and nothing was submitted", t.title())
	case !t.wanted():
		return connectors.Rejected("%s has the status %q, which is not known; write what it means into statuses of account %s, then retry", t.title(), t.word, a.name)
	case t.round < round:
		return fmt.Errorf("%s is said to be in round %d, and round %d was worked on; it is looked at again", t.title(), t.round, round)
	case known && time.Since(sent.At) < a.opt.SubmitDoubt:
		return a.doubtful(t, sent)
	}
	return a.submit(ctx, t, uploads, sync.OnceValue(publish))
}

func (a *account) doubtful(t *task, sent submission) error {
	return fmt.Errorf("it is not known whether Creative Force took %s; it is submitted again if it is still wanted at %s",
		t.title(), sent.At.Add(a.opt.SubmitDoubt).Format("15:04:05"))
}

// uploadsOf are the uploads of a batch by output: of several for one output that
// which was kept last.
func (a *account) uploadsOf(t *task, batch string, delivered []connectors.Receipt) (map[string]receiptID, error) {
	all := map[string]receiptID{}
	for _, r := range delivered {
		id, ok := parseReceiptID(r.ID)
		if !ok || id.batch != batch {
			continue // of another round: never used again
		}
		up, err := a.upload(batch, id.output)
		if err != nil {
			return nil, err
		}
		if _, other := all[id.output]; !other || up.Asset == id.asset {
			all[id.output] = id
		}
	}
	return all, nil
}

// taken confirms that a round was submitted, with just these uploads.
func (a *account) taken(t *task, batch string, uploads map[string]receiptID, known bool, sent submission) error {
	if !known {
		return connectors.Rejected("%s is %s already, and not by this agent: nothing was submitted; see on Creative Force", t.title(), strings.ToLower(t.word))
	}
	if !sent.Done {
		sent.Done = true
		if err := a.keep(submissionKey(batch), sent); err != nil {
			return err
		}
		a.log.Info("Task was submitted, as its status tells", "task", t.title(), "status", t.word, "batch", batch)
	}
	for _, id := range uploads {
		if !slices.Contains(sent.Assets, id.asset) {
			return connectors.Rejected("%s was submitted without the newest version of one file, which came too late; retry that file if the task comes back", t.title())
		}
	}
	return nil
}

// submit hands the uploads of this round over.
func (a *account) submit(ctx context.Context, t *task, uploads map[string]receiptID, publish func() error) error {
	var missing []string
	var body submitRequest
	record := submission{}
	newest := time.Time{}
	for _, o := range t.due() {
		id, there := uploads[o.id]
		if !there {
			missing = append(missing, o.disk)
			continue
		}
		up, err := a.upload(t.batch(), o.id)
		if err != nil {
			return err
		}
		if up.At.After(newest) {
			newest = up.At
		}
		body.Assets = append(body.Assets, mapping{o.id, id.asset})
		record.Assets = append(record.Assets, id.asset)
	}
	if len(missing) > 0 {
		return &connectors.IncompleteError{Missing: missing}
	}
	if len(body.Assets) == 0 {
		return connectors.Rejected("%s expects no outputs any more; see on Creative Force", t.title())
	}
	if err := sleep(ctx, time.Until(newest.Add(*a.opt.SubmitDelay))); err != nil {
		return err
	}
	begun := false
	reply, err := a.gateway.do(ctx, call{
		method: http.MethodPost, path: pathSubmit, kind: t.kind, id: t.id, body: body, accept: []int{http.StatusBadRequest},
		before: func() error {
			record.At = time.Now()
			if err := publish(); err != nil {
				return err
			}
			begun = true
			return a.keep(submissionKey(t.batch()), record)
		},
	})
	return a.outcome(ctx, t, record, begun, newest, reply, err)
}

// outcome says what came of a submission. Whatever the answer was, the task tells.
func (a *account) outcome(ctx context.Context, t *task, record submission, begun bool, newest time.Time, reply rest.Reply, err error) error {
	if !begun {
		return err
	}
	var told submitReply
	if err == nil {
		told, err = decodeSubmit(reply.Body)
	}
	if err == nil && reply.Status != http.StatusBadRequest && told.StatusCode != nil && *told.StatusCode == 1 {
		record.Done = true
		a.desk.touch(t.id)
		return a.keep(submissionKey(t.batch()), record)
	}
	now, err2 := a.read(ctx, t.key, 0)
	if err2 == nil && (now.round > t.round || now.status == review || now.status == done) {
		record.Done = true
		a.log.Info("Task was submitted, as its status tells", "task", now.title(), "status", now.word, "round", t.round)
		return a.keep(submissionKey(t.batch()), record)
	}
	clear := reply.Status == http.StatusBadRequest || err == nil && told.StatusCode != nil || refused(err)
	if !clear {
		return errors.Join(a.doubtful(t, record), err)
	}
	if forgotten := a.memory.Keep(submissionKey(t.batch()), ""); forgotten != nil {
		return forgotten
	}
	if err != nil && refused(err) {
		return err
	}
	return a.refusal(ctx, t, told, newest)
}

// refusal explains a submission that was refused. Uploads that the platform does
// not know yet may only need some time.
func (a *account) refusal(ctx context.Context, t *task, told submitReply, newest time.Time) error {
	words := told.words(a.gateway.cleaner(ctx))
	if told.StatusCode != nil && slices.Contains(a.opt.UnknownAssets, int(*told.StatusCode)) {
		if time.Since(newest) < a.opt.SubmitPatience {
			return fmt.Errorf("the uploads of %s are not known to Creative Force yet (%s)", t.title(), words)
		}
		for _, o := range t.due() {
			if err := a.memory.Keep(uploadKey(t.batch(), o.id), ""); err != nil {
				return err
			}
		}
		return connectors.Rejected("Creative Force does not know the uploads of %s (%s): retry its files, then the task", t.title(), words)
	}
	return connectors.Rejected("Creative Force refused %s (%s): correct what it names, then retry", t.title(), words)
}
