package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// retouch is the vendor's work: it takes up what arrived, and does what is due.
func (r *round) retouch() {
	r.files(r.path("there", "in"), func(name string, info fs.FileInfo) {
		name = filepath.ToSlash(name)
		r.mu.Lock()
		_, seen := r.kept[name]
		r.mu.Unlock()
		if seen {
			return
		}
		path := r.path("there", "in", name)
		content, err := os.ReadFile(path)
		if err != nil {
			r.t.Error(err)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.picked[name+" "+sumOf(content)]++
		if r.hand.IntN(2) == 0 {
			r.kept[name] = info
		} else if err := os.Remove(path); err != nil {
			r.t.Error(err)
		}
		r.later(time.Duration(r.hand.IntN(3000))*time.Millisecond, func() { r.giveBack(name) })
	})
	r.mu.Lock()
	var due, rest []deed
	for _, d := range r.deeds {
		if time.Now().After(d.at) {
			due = append(due, d)
		} else {
			rest = append(rest, d)
		}
	}
	r.deeds = rest
	r.mu.Unlock()
	for _, d := range due {
		r.mu.Lock()
		d.do()
		r.mu.Unlock()
	}
}

// later plans a deed; r.mu is held then as now.
func (r *round) later(after time.Duration, do func()) {
	r.deeds = append(r.deeds, deed{time.Now().Add(after), do})
}

// giveBack returns a version of name, and often another when that has landed.
func (r *round) giveBack(name string) {
	content := paint(r.hand, 100+r.hand.IntN(100))
	sum := sumOf(content)
	r.returned[name+" "+sum] = name
	r.versions[name] = append(r.versions[name], sum)
	r.deliver(r.path("there", "out", name), content)
	if len(r.versions[name]) < 3 && r.hand.IntN(3) == 0 {
		r.again(name, sum)
	}
}

func (r *round) again(name, sum string) {
	r.later(300*time.Millisecond, func() {
		if r.landed(name, sum) {
			r.giveBack(name)
		} else {
			r.again(name, sum)
		}
	})
}

// deliver writes a file in one of the ways of vendors. Torn contents rest for
// longer than the agent waits.
func (r *round) deliver(path string, content []byte) {
	half := content[:len(content)/2]
	switch r.hand.IntN(6) {
	case 0: // a temporary name first
		r.write(path+".part", half)
		r.later(800*time.Millisecond, func() {
			r.write(path+".part", content)
			if err := os.Rename(path+".part", path); err != nil {
				r.t.Error(err)
			}
		})
	case 1: // slowly
		r.write(path, half[:len(half)/2])
		r.later(700*time.Millisecond, func() { r.write(path, half) })
		r.later(1400*time.Millisecond, func() { r.write(path, content) })
	case 2: // truncated, and whole at the second try
		r.write(path, half)
		r.later(4*time.Second, func() { r.write(path, content) })
	case 3: // its full length first
		r.write(path, append(append([]byte(nil), half...), make([]byte, len(content)-len(half))...))
		r.later(4*time.Second, func() { r.write(path, content) })
	default:
		r.write(path, content)
	}
}
