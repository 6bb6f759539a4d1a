package creativeforce

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
)

// Names of the files that are made for each task, beside its inputs.
const (
	instructionsName = "INSTRUCTIONS.html"
	taskFileName     = "task.json"
)

// Pending lists the inputs of all tasks that are to be worked on, with
// instructions for people and for programs. They are complete as they are. A
// rejection offers them once more, in a batch of its own, with its notes. Of a
// task that was submitted, accepted or called off after it was offered, only the
// instructions are listed, and they say so. What no bench takes is left alone.
func (a *account) Pending(ctx context.Context) ([]connectors.Retouch, error) {
	if err := a.look(ctx); err != nil {
		return nil, err
	}
	var list []connectors.Retouch
	for _, t := range a.desk.tasks() {
		if t.status == strange || a.benchOf(t.job) == "" {
			continue // nobody here works on it
		}
		have, err := a.received(t)
		if err != nil {
			return nil, err
		}
		texts, err := a.texts(t, have)
		if err != nil {
			return nil, err
		}
		if t.wanted() {
			for _, in := range t.inputs {
				list = append(list, a.retouch(t, in.id(t), in.disk, in.size))
			}
			file, err := a.made(t, taskFileName, texts[taskFileName])
			if err != nil {
				return nil, err
			}
			list = append(list, file)
		}
		page, err := a.made(t, instructionsName, texts[instructionsName])
		if err != nil {
			return nil, err
		}
		page.Rejected = t.round > 1 && t.wanted() && !anyOf(have) // it is told once, when the round begins
		list = append(list, page)
	}
	return list, nil
}

// made is a file that is made for a task. Its ID counts its editions: a content may
// come back, such as when a cancelled task is wanted again, and must land once more.
func (a *account) made(t *task, name string, content []byte) (connectors.Retouch, error) {
	var last struct {
		Edition int
		Digest  string
	}
	key, sum := "made "+t.batch()+"/"+name, digest(string(content))
	if _, err := a.recall(key, &last); err != nil {
		return connectors.Retouch{}, err
	}
	if last.Digest != sum {
		last.Edition, last.Digest = last.Edition+1, sum
		if err := a.keep(key, last); err != nil {
			return connectors.Retouch{}, err
		}
	}
	id := retouchID{t.batch(), whatMade, name, fmt.Sprintf("%d-%s", last.Edition, sum)}
	return a.retouch(t, id.String(), name, int64(len(content))), nil
}

func (a *account) retouch(t *task, id, name string, size int64) connectors.Retouch {
	return connectors.Retouch{
		ID: id, Name: t.folder + "/" + name, Bench: a.benchOf(t.job), Batch: t.batch(),
		Stage: connectors.Ready, Link: a.linkOf(t.key), Size: size, Final: true,
	}
}

// linkOf is where a person sees a task.
func (a *account) linkOf(k key) string {
	return strings.ReplaceAll(a.opt.Link, "{taskId}", url.PathEscape(k.id))
}

func anyOf(have map[string]bool) bool {
	for _, is := range have {
		if is {
			return true
		}
	}
	return false
}

// texts are the files that are made for a task.
func (a *account) texts(t *task, have map[string]bool) (map[string][]byte, error) {
	page, err := instructions(t, have, a.linkOf(t.key))
	if err != nil {
		return nil, err
	}
	file, err := taskFile(t, a.linkOf(t.key))
	return map[string][]byte{instructionsName: page, taskFileName: file}, err
}

// received are the outputs of this round that have been uploaded, by id.
func (a *account) received(t *task) (map[string]bool, error) {
	have := map[string]bool{}
	for _, o := range t.outputs {
		up, err := a.upload(t.batch(), o.id)
		if err != nil {
			return nil, err
		}
		have[o.id] = up.Done
	}
	return have, nil
}

// A retouchID is batch, what it is (input or made), which, and its version.
type retouchID struct{ batch, what, which, version string }

func (id retouchID) String() string {
	return strings.Join([]string{id.batch, id.what, url.PathEscape(id.which), id.version}, "/")
}

// parseRetouchID reads what String made; ok is false for anybody else's.
func parseRetouchID(text string) (id retouchID, k key, ok bool) {
	parts := strings.Split(text, "/")
	if len(parts) != 4 {
		return id, k, false
	}
	which, err := url.PathUnescape(parts[2])
	k, _, ours := parseBatch(parts[0])
	return retouchID{parts[0], parts[1], which, parts[3]}, k, err == nil && ours
}

// id names an input in a round: the asset, and which file it is by now.
func (in input) id(t *task) string {
	return retouchID{t.batch(), whatInput, first(text(in.asset), text(in.file)), digest(fmt.Sprint(in.file, " ", in.size))}.String()
}

const whatInput, whatMade = "input", "made"

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:10])
}
