package sftp

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

func TestReadingAheadGivesTheSame(t *testing.T) {
	content := bytes.Repeat([]byte("of a film "), aheadBlock/2)
	spoilt := errors.New("spoilt")
	for _, size := range []int{0, 1, aheadBlock - 1, aheadBlock, 4*aheadBlock + 1} {
		a := readAhead(iotest.HalfReader(bytes.NewReader(content[:size])))
		if err := iotest.TestReader(a, content[:size]); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		a = readAhead(io.MultiReader(bytes.NewReader(content[:size]), iotest.ErrReader(spoilt)))
		if got, err := io.ReadAll(a); !errors.Is(err, spoilt) || !bytes.Equal(got, content[:size]) {
			t.Errorf("a source that fails after %d bytes: %d were read, %v", size, len(got), err)
		}
		a.Close()
	}
}

func TestReadingAheadEndsWhenNobodyReadsOn(t *testing.T) {
	content := make([]byte, 10*aheadBlock)
	source := bytes.NewReader(content)
	a := readAhead(source)
	if _, err := io.ReadFull(a, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if left := source.Len(); left < len(content)-2*aheadBlocks*aheadBlock {
		t.Errorf("%d bytes were read though nobody wanted them", len(content)-left)
	}
}
