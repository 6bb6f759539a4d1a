package folder

import (
	"io/fs"
	"testing"

	"golang.org/x/sys/windows"
)

const silence = windows.ERROR_BAD_NETPATH

func TestWhatAnErrorOfTheSystemMeans(t *testing.T) {
	for _, c := range []struct {
		err                error
		silent, unstorable bool
	}{
		{&fs.PathError{Err: windows.ERROR_NETNAME_DELETED}, true, false},
		{windows.ERROR_SEM_TIMEOUT, true, false},
		{windows.ERROR_ACCESS_DENIED, false, false},
		{fs.ErrNotExist, false, false},
		{&fs.PathError{Err: windows.ERROR_INVALID_NAME}, false, true},
	} {
		if silent(c.err) != c.silent || unstorable(c.err) != c.unstorable {
			t.Errorf("%v: silent %v, unstorable %v", c.err, silent(c.err), unstorable(c.err))
		}
	}
}
