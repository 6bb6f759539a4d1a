package ftp

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"sync"

	"github.com/studio-agent/studio-agent/connectors"
)

// Keys of connectors.Memory.
const (
	profileKey = "profile"
	tls12Key   = "tls12"   // "yes": TLS 1.3 breaks uploads there
	resumeKey  = "resume/" // + Photo.ID: how many bytes of its temporary file the server has confirmed
	directKey  = "direct/" // + Photo.ID: it is being sent straight to its final name
)

// A profile is what a server was found to be unable to do, by doctor or by the
// way. The zero profile is a good server.
type profile struct {
	Connections int  `json:"connections,omitempty"` // how many at once it lets us have; 0 means no limit was met
	NoRename    bool `json:"no_rename,omitempty"`   // RNFR is refused: photos are sent straight and marked
	NoDots      bool `json:"no_dots,omitempty"`     // names that begin with a dot are refused
	NoSize      bool `json:"no_size,omitempty"`     // SIZE is refused: the folder is listed instead
	NoDelete    bool `json:"no_delete,omitempty"`   // DELE is refused: a check writes nothing
	NoTogether  bool `json:"no_together,omitempty"` // commands that are sent together are not all answered: one at a time
}

// A book is the profile of an account, as sessions read and correct it.
type book struct {
	memory connectors.Memory
	log    *slog.Logger

	mu     sync.Mutex
	loaded bool
	known  profile
	silent int // sessions in a row that did not answer their first commands that were sent together
}

// load reads the profile, once. One that cannot be read is started anew.
func (b *book) load() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loaded {
		return nil
	}
	text, err := b.memory.Recall(profileKey)
	if err != nil {
		return fmt.Errorf("what is known of the server: %w", err)
	}
	if text != "" && json.Unmarshal([]byte(text), &b.known) != nil {
		b.log.Warn("the server's profile cannot be read and is started anew; run doctor")
		b.known = profile{}
	}
	b.loaded = true
	return nil
}

func (b *book) profile() profile {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known
}

// learn corrects the profile and puts it on disk. what is for the log.
func (b *book) learn(what string, correct func(*profile)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.known
	correct(&p)
	if p == b.known {
		return nil
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := b.memory.Keep(profileKey, string(text)); err != nil {
		return fmt.Errorf("what was learnt of the server: %w", err)
	}
	b.known = p
	b.log.Warn("learnt what the server does not do", "what", what)
	return nil
}

// unanswered is told that a session, used to answer, has not answered the first
// commands that were sent together. Any line breaks some time; two in a row are
// the server, or a firewall.
func (b *book) unanswered() error {
	b.mu.Lock()
	b.silent++
	silent := b.silent
	b.mu.Unlock()
	if silent < 2 {
		return nil
	}
	return b.learn("commands that are sent together", func(p *profile) { p.NoTogether = true })
}

func (b *book) answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.silent = 0
}

// offset is how far the upload with that id had got; ok is false if none began.
func (b *book) offset(id string) (n int64, ok bool, err error) {
	text, err := b.memory.Recall(resumeKey + id)
	if err != nil || text == "" {
		return 0, false, err
	}
	n, err = strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0, nil
}

func (b *book) keepOffset(id string, n int64) error {
	return b.memory.Keep(resumeKey+id, strconv.FormatInt(n, 10))
}
