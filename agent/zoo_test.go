package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// A writer is a way in which programs put a picture into a folder. It returns
// every content that the picture ever had when the program was done with it;
// sent waits until one of them has arrived.
type writer struct {
	name  string
	write func(t *testing.T, path string, content []byte, sent func([]byte)) (finished [][]byte)
}

var zoo = []writer{
	{"slow append, 5 s pauses, kept open", func(t *testing.T, path string, content []byte, sent func([]byte)) [][]byte {
		f := create(t, path)
		for part := range bytesIn(content, 3) {
			put(t, f, part)
			if len(part) > 0 && !bytes.HasSuffix(content, part) {
				time.Sleep(5 * time.Second)
			}
		}
		shut(t, f)
		return [][]byte{content}
	}},
	{"preallocate, then fill", func(t *testing.T, path string, content []byte, sent func([]byte)) [][]byte {
		f := create(t, path)
		if err := f.Truncate(int64(len(content))); err != nil {
			t.Error(err)
		}
		time.Sleep(3 * time.Second)
		for part := range bytesIn(content, 3) {
			put(t, f, part)
			time.Sleep(time.Second)
		}
		shut(t, f)
		return [][]byte{content}
	}},
	{"preallocate, close, fill later", func(t *testing.T, path string, content []byte, sent func([]byte)) [][]byte {
		overwrite(t, path, make([]byte, len(content)))
		time.Sleep(4 * time.Second)
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
		}
		put(t, f, content)
		shut(t, f)
		return [][]byte{content}
	}},
	{"close, reopen after 4 s, append", func(t *testing.T, path string, content []byte, sent func([]byte)) [][]byte {
		overwrite(t, path, content[:len(content)/2])
		time.Sleep(4 * time.Second)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Error(err)
		}
		put(t, f, content[len(content)/2:])
		shut(t, f)
		return [][]byte{content}
	}},
	{"temporary name, then rename", func(t *testing.T, path string, content []byte, sent func([]byte)) [][]byte {
		overwrite(t, path+".tmp", content[:len(content)/2])
		time.Sleep(3 * time.Second)
		overwrite(t, path+".tmp", content)
		if err := os.Rename(path+".tmp", path); err != nil {
			t.Error(err)
		}
		return [][]byte{content}
	}},
	{"truncate and rewrite, same size", func(t *testing.T, path string, content []byte, sent func([]byte)) [][]byte {
		first := append([]byte(nil), content...)
		first[len(first)/2] ^= 0x55
		overwrite(t, path, first)
		sent(first)
		overwrite(t, path, content)
		return [][]byte{first, content}
	}},
	{"time set back after writing", func(t *testing.T, path string, content []byte, sent func([]byte)) [][]byte {
		overwrite(t, path, content)
		setBack(t, path)
		return [][]byte{content}
	}},
	{"rewritten after sending, size and time as before", func(t *testing.T, path string, content []byte, sent func([]byte)) [][]byte {
		first := append([]byte(nil), content...)
		first[len(first)/2] ^= 0x55
		overwrite(t, path, first)
		setBack(t, path)
		sent(first)
		overwrite(t, path, content)
		setBack(t, path)
		return [][]byte{first, content}
	}},
	{"deleted and written anew", func(t *testing.T, path string, content []byte, sent func([]byte)) [][]byte {
		overwrite(t, path, content[:len(content)/3])
		time.Sleep(time.Second)
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
		overwrite(t, path, content)
		return [][]byte{content}
	}},
}

// TestWriterZoo lets every kind of writer loose on the real binary at the same
// time: each finished content arrives once, and nothing else does.
func TestWriterZoo(t *testing.T) {
	t.Parallel()
	sim := grandshootingsim.New(grandshootingsim.Options{Token: "zoo-test-token", Rate: -1})
	url := serveSim(t, sim)
	root := sim.AddProduction("Zoo", 10, 40)[0].ID
	in := install(t, "", "ZOO_TOKEN=zoo-test-token")
	captures := in.folder("captures")
	yaml := fmt.Sprintf(`
page: off
accounts: {gs: {type: grandshooting, url: %s/v2, token: env:ZOO_TOKEN, rate: 100}}
benches:
  - name: zoo
    production: %d
    captures: {folder: %s, to: [gs]}
`, url, root, captures)
	if err := os.WriteFile(in.config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	in.start()
	for i, w := range zoo {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			name := fmt.Sprintf("zoo_%02d.jpg", i)
			content := jpegOf(rand.New(rand.NewPCG(uint64(i), 7)), 400_000)
			sent := func(content []byte) {
				until(t, time.Minute, "a finished content arrives", func() bool {
					return storedOf(sim, name)[digestsOf([][]byte{content})[0]] > 0
				})
			}
			finished := w.write(t, filepath.Join(captures, name), content, sent)
			want := digestsOf(finished)
			until(t, time.Minute, "the last content arrives", func() bool {
				return storedOf(sim, name)[want[len(want)-1]] > 0
			})
			got := storedOf(sim, name)
			for _, sum := range want {
				if got[sum] != 1 {
					t.Errorf("a finished content arrived %d times, want once", got[sum])
				}
				delete(got, sum)
			}
			if len(got) > 0 {
				t.Errorf("%d contents arrived that no writer had finished", len(got))
			}
		})
	}
}

func digestsOf(contents [][]byte) (sums []string) {
	for _, c := range contents {
		sum := sha256.Sum256(c)
		sums = append(sums, hex.EncodeToString(sum[:]))
	}
	return sums
}

// storedOf counts by digest how often the platform stored contents of a name.
func storedOf(sim *grandshootingsim.Sim, name string) map[string]int {
	counts := map[string]int{}
	for key, times := range sim.Stored() {
		if key.Path == name {
			counts[key.SHA256] += times
		}
	}
	return counts
}

func bytesIn(b []byte, n int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for i := range n {
			if !yield(b[i*len(b)/n : (i+1)*len(b)/n]) {
				return
			}
		}
	}
}

func create(t *testing.T, path string) *os.File {
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func put(t *testing.T, f *os.File, b []byte) {
	if _, err := f.Write(b); err != nil {
		t.Error(err)
	}
}

func shut(t *testing.T, f *os.File) {
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func overwrite(t *testing.T, path string, content []byte) {
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Error(err)
	}
}

func setBack(t *testing.T, path string) {
	old := time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Error(err)
	}
}
