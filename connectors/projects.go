package connectors

import (
	"context"
	"time"
)

// Projects are the edit projects that a remote keeps an eye on, for the people
// who ask about them. All of these may run at the same time. An error wrapping
// ErrRejected says in a sentence why it cannot be done.
type Projects struct {
	// List lists all that are there. If it could not look everywhere it returns
	// an error, not a shorter list.
	List func(ctx context.Context) ([]Project, error)
	// Show tells one by its ID, or by the path of its folder on this machine.
	Show func(ctx context.Context, project string) (Project, error)
	// Copy asks for a copy and returns it as it stands then. The files are copied
	// by the remote in its own time: Show tells how far it has got. A folder that
	// has a project already is refused. After an error that is no refusal the copy
	// may have been begun all the same: look before you repeat it.
	Copy func(ctx context.Context, c ProjectCopy) (Project, error)
	// Link links files on this machine, which the remote must know by now, and
	// returns the project as it stands then. What cannot be linked is named in the
	// error; the rest is linked all the same. Repeats are harmless.
	Link func(ctx context.Context, project string, paths []string) (Project, error)
	// Delete has the remote delete the project and all of its files, in its own
	// time; the media linked with it stay. Only a person asks for it. name must be
	// what the project is called, or nothing is deleted.
	Delete func(ctx context.Context, id, name string) error
}

// A Project is an edit project as the remote knows it.
type Project struct {
	ID, Name   string
	Root       string // its folder, as the remote sees it, ending with a slash
	Path       string // the same folder on this machine; empty if it is not on any known path
	File       string // the project file, as the remote sees it; may be empty
	Program    string // that it belongs to, as the remote calls it; may be empty
	Production string // ID of what it belongs to there

	Stage  Stage  // Ready, Working (being copied or looked at) or Failed
	Step   int    // how far it is of Steps while it is Working
	Steps  int    // at least 1
	Reason string // why it failed, or what else the remote says; may be empty

	Media   []ProjectMedium // that are linked with it
	Changed time.Time       // at the remote; zero if it does not tell
}

// A ProjectMedium is a file that is linked with a project.
type ProjectMedium struct {
	ID     string // Receipt.ID of the photo, if it went from here
	Name   string
	Root   string // where it lies, as the remote sees it; may be empty
	Path   string // the same on this machine; empty if it is not on any known path
	Stage  Stage
	Reason string
}

// A ProjectCopy is a copy to be made.
type ProjectCopy struct {
	Of          string // Project.ID
	Name        string
	Path        string // the folder of the copy, on this machine; it need not be there yet
	Production  string // ID or name; empty for that of the bench the folder belongs to, else that of the original
	Description string // empty for that of the original
	Share       bool   // the linked media are shared with the production of the copy
}
