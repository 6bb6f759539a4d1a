package creativeforce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// The guide prints no body. Those below are one shape to build on: all names are
// unverified unless marked. Replies are read leniently: camel or Pascal case,
// numbers as text and text as numbers, and whatever else is in them is passed
// over.

// A taskReply is an entry of the list, or a task in detail.
type taskReply struct {
	TaskID, ID                 text
	Status, TaskStatus         text
	IsRejected                 yes
	ClientID, JobID, ProductID text
	EditorialProjectID         text
	EditorialDeliverableID     texts
	Deadline, DueDate          text
	InputAssets                []inputReply
	ExpectedOutputs            []outputReply
}

type inputReply struct {
	AssetID, FileID, FileName, SpecID text
	ExpectedOutputs                   []outputReply
}

type outputReply struct {
	ExpectedOutputID, ID, InputAssetID, FileName, SpecID text
	IsSubmitted, IsRejected                              yes
}

// A row is an entry of the list as it came, to see whether it has changed.
type row struct {
	taskReply
	raw string
}

// decodeList reads one page; size is how many entries a full one has, 0 if that
// is not said.
func decodeList(raw []byte) (rows []row, size int, err error) {
	var reply struct {
		PageInfo struct{ PageSize number } // this and pageData are public, of other lists
		PageData []json.RawMessage
		Tasks    []json.RawMessage
	}
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		err = decode("the task list", raw, &reply.Tasks)
	} else {
		err = decode("the task list", raw, &reply)
	}
	if err != nil {
		return nil, 0, err
	}
	entries := reply.PageData
	if len(entries) == 0 {
		entries = reply.Tasks
	}
	for _, entry := range entries {
		r := row{raw: string(entry)}
		if err := decode("the task list", entry, &r.taskReply); err != nil {
			return nil, 0, err
		}
		if first(r.TaskID, r.ID) == "" {
			return nil, 0, odd("Creative Force lists a task without an id")
		}
		rows = append(rows, r)
	}
	return rows, int(min(reply.PageInfo.PageSize.whole(), 10_000)), nil
}

// decodeTask reads a task in detail.
func decodeTask(raw []byte) (taskReply, error) {
	var t taskReply
	err := decode("a task", raw, &t)
	if err == nil && first(t.Status, t.TaskStatus) == "" {
		err = odd("Creative Force answered a task without a status")
	}
	return t, err
}

// An annotation is an instruction or a rejection note.
type annotation struct {
	Type, ExpectedOutputID, InputAssetID, Text text
	Markings                                   []marking
}

// A marking is a place on the picture, in fractions of it.
type marking struct {
	X, Y, Width, Height number
	Text                text
}

func (n annotation) rejects() bool {
	return strings.HasPrefix(strings.ToLower(string(n.Type)), "reject")
}

func decodeAnnotations(raw []byte) ([]annotation, error) {
	var reply struct{ Annotations []annotation }
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		err := decode("the annotations", raw, &reply.Annotations)
		return reply.Annotations, err
	}
	err := decode("the annotations", raw, &reply)
	return reply.Annotations, err
}

// A fileReply is an asset or a file; the names are public, of other calls.
type fileReply struct {
	AssetID, FileID, FileName, FileURL text
	Length                             number
	ImageInformation                   struct{ Dimension text }
}

func decodeFiles(raw []byte) ([]fileReply, error) {
	var reply struct{ Assets, Files []fileReply }
	err := decode("files", raw, &reply)
	return append(reply.Assets, reply.Files...), err
}

// A specReply is what an output must be; zero fields ask for nothing.
type specReply struct {
	SpecID, ID, Name, Format, ColorProfileName text
	Width, Height, DPI, MaxLength              number
}

func decodeSpecs(raw []byte) ([]specReply, error) {
	var reply struct{ Specs []specReply }
	err := decode("the specs", raw, &reply)
	return reply.Specs, err
}

// decodeName reads what a job, product, project or deliverable is called.
func decodeName(raw []byte) (string, error) {
	var reply struct {
		ProductCode, JobName, ProjectName, DeliverableName, Name, JobCode, Code, ProductName text
	}
	err := decode("a name", raw, &reply)
	return first(reply.JobName, reply.ProjectName, reply.DeliverableName, reply.ProductCode, reply.Name, reply.JobCode, reply.Code, reply.ProductName), err
}

// A presignRequest and its reply are public, unofficial.
type presignRequest struct {
	ClientID           string        `json:"clientId"`
	PhysicalFileTypeID int           `json:"physicalFileTypeId"`
	Files              []presignFile `json:"files"`
}

type presignFile struct {
	FileName   string `json:"fileName"`
	LocalID    string `json:"localId"`
	FileLength int64  `json:"fileLength"`
	FileMD5    string `json:"fileMd5"`
}

// A place is where a file is to be put.
type place struct {
	PresignedURL, TempFileID, TempAssetID, LocalID text
}

type presignReply struct {
	Headers    headers
	Files      []place
	ErrorFiles []struct {
		ErrorCode number
		LocalID   text
	}
}

func decodePresign(raw []byte) (presignReply, error) {
	var reply presignReply
	err := decode("where to upload", raw, &reply)
	return reply, err
}

// A mapping says which upload is which expected output ("Submit asset output
// mapping").
type mapping struct {
	ExpectedOutputID string `json:"expectedOutputId"`
	AssetID          string `json:"assetId"` // tempAssetId
}

type submitRequest struct {
	Assets []mapping `json:"assets"`
}

// A submitReply has status code 1 for success, in a 200, and others in a 400
// (public, of another call).
type submitReply struct {
	StatusCode             *number
	Message, Title, Detail text
	Errors                 json.RawMessage
}

// words are what a refusal says, on one line and not long. clean is asked before
// it is cut.
func (r submitReply) words(clean func(string) string) string {
	said := first(r.Message, r.Detail, r.Title)
	var list []struct{ Message text }
	if said == "" && json.Unmarshal(r.Errors, &list) == nil && len(list) > 0 {
		said = string(list[0].Message)
	}
	said = clean(said)
	if r.StatusCode != nil {
		said = strings.TrimSpace(fmt.Sprintf("%d %s", int64(*r.StatusCode), said))
	}
	said = strings.Join(strings.FieldsFunc(said, func(c rune) bool { return !unicode.IsPrint(c) || c == ' ' }), " ")
	if len(said) > 200 {
		said = strings.ToValidUTF8(said[:200], "") + "…"
	}
	return said
}

func decodeSubmit(raw []byte) (submitReply, error) {
	var reply submitReply
	if len(bytes.TrimSpace(raw)) == 0 {
		return reply, nil
	}
	err := decode("a submission", raw, &reply)
	return reply, err
}
