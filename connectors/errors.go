package connectors

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrRejected marks a refusal of this one photo that no repetition will
	// change: it is parked until a person acts. Make one with Rejected.
	ErrRejected = errors.New("refused for good")
	// ErrDenied marks a refusal of everything (wrong login, account closed):
	// the account pauses and is probed until a person has acted. Make one with
	// Denied.
	ErrDenied = errors.New("access denied")
	// ErrChanged says that what lies at the remote is not what Pending listed any
	// more: Fetch wraps it. Nothing is wrong with the account; Pending lists it
	// anew.
	ErrChanged = errors.New("the file has changed since it was listed")
)

// Rejected makes an error that wraps ErrRejected and reads as just the given
// sentence; photographers read it. A %w in format is kept in the chain.
func Rejected(format string, args ...any) error {
	return &markedError{mark: ErrRejected, err: fmt.Errorf(format, args...)}
}

// Denied makes an error that wraps ErrDenied and reads as just the given
// sentence. A %w in format is kept in the chain.
func Denied(format string, args ...any) error {
	return &markedError{mark: ErrDenied, err: fmt.Errorf(format, args...)}
}

type markedError struct{ mark, err error }

func (e *markedError) Error() string   { return e.err.Error() }
func (e *markedError) Unwrap() []error { return []error{e.mark, e.err} }

// A ThrottledError says that the remote asked for peace. No failure is counted,
// and the whole account waits until then.
type ThrottledError struct {
	Until  time.Time
	Reason string // in words for a photographer; empty means "the remote asked to wait"
}

func (e *ThrottledError) Error() string {
	reason := e.Reason
	if reason == "" {
		reason = "the remote asked to wait"
	}
	return fmt.Sprintf("%s until %s", reason, e.Until.Format("15:04:05"))
}

// An IncompleteError says that a batch cannot be submitted yet.
type IncompleteError struct {
	Missing []string // names of what is still expected
}

func (e *IncompleteError) Error() string {
	return "the batch still lacks " + strings.Join(e.Missing, ", ")
}
