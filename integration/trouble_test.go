//go:build integration && linux

package integration

import (
	"bytes"
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestAFullDiskIsAnError(t *testing.T) {
	small := func(o *Options) { o.DiskSize = 1 << 20 }
	onEach(t, small, func(t *testing.T, s *Server) {
		l := mustEnter(t, s, s.Addr)
		err := l.put("in/film.mov", picture(4<<20))
		if err == nil {
			t.Fatal("4 MB went onto a disk of 1 MB")
		}
		t.Logf("a full disk reads: %v", err)
		if err := os.Truncate(s.Root+"/in/film.mov", 0); err != nil {
			t.Fatal(err)
		}
		if err := mustEnter(t, s, s.Addr).put("in/0001.jpg", picture(1000)); err != nil {
			t.Errorf("once there is room again: %v", err)
		}
	})
}

func TestOneClientAtATime(t *testing.T) {
	one := func(o *Options) { o.OneClient = true }
	onEach(t, one, func(t *testing.T, s *Server) {
		first, err := enter(t, s, s.Addr, s.Password)
		if err != nil {
			t.Fatalf("the first: %v", err)
		}
		second, err := enter(t, s, s.Addr, s.Password)
		if err == nil {
			second.quit()
			t.Fatal("a second was let in")
		}
		t.Logf("one too many reads: %v", err)
		if err := first.put("in/0001.jpg", picture(1000)); err != nil {
			t.Errorf("the first suffers from the second: %v", err)
		}
		first.quit()
		for try := 0; ; try++ { // a server needs a moment to notice
			second, err := enter(t, s, s.Addr, s.Password)
			if err == nil {
				second.quit()
				return
			}
			if try == 1000 {
				t.Fatalf("after the first has left: %v", err)
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

func TestAClockThatIsThreeHoursOff(t *testing.T) {
	for _, skew := range []time.Duration{3 * time.Hour, -3 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			onEach(t, func(o *Options) { o.ClockSkew = skew }, func(t *testing.T, s *Server) {
				l := mustEnter(t, s, s.Addr)
				if err := l.put("in/0001.jpg", picture(1000)); err != nil {
					t.Fatal(err)
				}
				at, err := l.modTime("in/0001.jpg")
				if err != nil {
					t.Fatal(err)
				}
				if off := time.Until(at) - skew; off.Abs() > 10*time.Minute {
					t.Errorf("the photo is of %v, which is %v from what that clock should say", at, off)
				}
				shot := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
				if err := l.setTime("in/0001.jpg", shot); err != nil {
					t.Fatal(err)
				}
				if at, err := l.modTime("in/0001.jpg"); err != nil || !at.Equal(shot) {
					t.Errorf("the photo's time was set to %v and is %v, %v", shot, at, err)
				}
			})
		})
	}
}

func TestKilledAndBack(t *testing.T) {
	onEach(t, unchanged, func(t *testing.T, s *Server) {
		content := picture(1000)
		before := mustEnter(t, s, s.Addr)
		if err := before.put("in/0001.jpg", content); err != nil {
			t.Fatal(err)
		}
		s.Kill()
		if err := before.put("in/0002.jpg", content); err == nil {
			t.Error("a session has outlived its server")
		}
		if l, err := enter(t, s, s.Addr, s.Password); err == nil {
			l.quit()
			t.Error("a server that was killed answers")
		}
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
		if got, err := mustEnter(t, s, s.Addr).get("in/0001.jpg"); err != nil || !bytes.Equal(got, content) {
			t.Errorf("after the restart: %d bytes, %v; want the photo", len(got), err)
		}
	})
}

const leftBehind = "INTEGRATION_LEFT_BEHIND"

// TestServersEndWithAKilledTest runs itself in a process that is killed.
func TestServersEndWithAKilledTest(t *testing.T) {
	if dir := os.Getenv(leftBehind); dir != "" {
		s, err := Launch(PureFTPd, dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := enter(t, s, s.Addr, s.Password); err != nil { // has a process of its own
			t.Fatal(err)
		}
		os.Stdout.WriteString(s.Addr + "\n")
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestServersEndWithAKilledTest$")
	cmd.Env = append(os.Environ(), leftBehind+"="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 64)
	n, err := out.Read(line)
	cmd.Process.Kill()
	cmd.Wait()
	addr, bad := netip.ParseAddrPort(string(bytes.TrimSpace(line[:n])))
	if bad != nil {
		t.Fatalf("the test to be killed said %q, %v", line[:n], err)
	}
	s := &Server{ip: addr.Addr().AsSlice()}
	for try := 0; ; try++ {
		alive, err := s.listens()
		if err != nil {
			t.Fatal(err)
		}
		if !alive {
			return
		}
		if try == 1000 {
			t.Fatal("the server still listens 10 s after the end of its test")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
