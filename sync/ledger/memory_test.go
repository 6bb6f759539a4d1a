package ledger

import "testing"

func TestMemory(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	recall := func(account, key, want string) {
		t.Helper()
		if got, err := l.Memory(account).Recall(key); err != nil || got != want {
			t.Errorf("%s of %s is %q, %v; want %q", key, account, got, err, want)
		}
	}
	recall("ftp", "tls", "")
	must(t, l.Memory("ftp").Keep("tls", "1.2"))
	must(t, l.Memory("ftp").Keep("offset", "7"))
	must(t, l.Memory("ftp").Keep("offset", "8"))
	must(t, l.Memory("other").Keep("tls", "1.3"))
	must(t, l.Close())
	l = openAt(t, path)
	recall("ftp", "tls", "1.2")
	recall("ftp", "offset", "8")
	recall("other", "tls", "1.3")
	must(t, l.Memory("ftp").Keep("tls", ""))
	recall("ftp", "tls", "")
	recall("other", "tls", "1.3")
	if n := count1(t, l, `SELECT COUNT(*) FROM memory`); n != 2 {
		t.Errorf("%d facts are stored, want 2: one is forgotten", n)
	}
}
