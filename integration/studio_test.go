//go:build integration && linux

package integration

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/pixelz/pixelzsim"
)

// A studio is the real agent on one bench, with Pixelz played.
type studio struct {
	t      testing.TB
	dir    string
	page   string // address, the same over restarts
	pixelz *pixelzsim.Sim
	agent  *exec.Cmd
	log    *lockedBuffer // of all its runs
	shots  int
}

// program builds the agent once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "studio-agent-integration-")
	if err != nil {
		return "", err
	}
	exe := filepath.Join(dir, "studio-agent")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", exe, "github.com/studio-agent/studio-agent/agent").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the agent: %w\n%s", err, out)
	}
	return exe, nil
})

// newStudio starts one; prepare may fill its ledger before.
func newStudio(t testing.TB, prepare ...func(*studio)) *studio {
	t.Helper()
	s := &studio{t: t, dir: t.TempDir(), page: freePort(t), log: new(lockedBuffer)}
	s.pixelz = pixelzsim.New(pixelzsim.Options{Email: "studio@example.com", Key: "secret-of-the-studio", Retouch: brighten})
	server := httptest.NewServer(s.pixelz.Handler())
	t.Cleanup(server.Close)
	for _, folder := range []string{"captures", "retouched"} {
		must(t, os.Mkdir(filepath.Join(s.dir, folder), 0o755))
	}
	must(t, os.WriteFile(filepath.Join(s.dir, "agent.yaml"), fmt.Appendf(nil, `
name: studio-3
page: %s
accounts:
  nas: {type: folder, put: ./nas}
  pixelz: {type: pixelz, url: "%s%s", email: studio@example.com, key: env:TEST_PIXELZ_KEY, template: Green BG, poll: 1s, rate: 50}
benches:
  - name: packshot-1
    captures: {folder: ./captures, to: [nas]}
    imports: {folder: ./retouched, from: [pixelz], import: ask}
`, s.page, server.URL, pixelzsim.Base), 0o644))
	must(t, os.Mkdir(filepath.Join(s.dir, "nas"), 0o755))
	for _, do := range prepare {
		do(s)
	}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

func (s *studio) start() {
	s.t.Helper()
	exe, err := program()
	must(s.t, err)
	served := strings.Count(s.log.String(), "The page is served")
	s.agent = exec.Command(exe, "run", "--config", filepath.Join(s.dir, "agent.yaml"))
	s.agent.Env = append(os.Environ(), "TEST_PIXELZ_KEY=secret-of-the-studio")
	s.agent.Stderr = s.log
	s.agent.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(s.t, s.agent.Start())
	s.await("the page is served", func() bool { return strings.Count(s.log.String(), "The page is served") > served })
}

// kill ends the agent as a power cut would.
func (s *studio) kill() {
	if s.agent.ProcessState == nil {
		s.agent.Process.Kill()
		s.agent.Wait()
	}
	if s.t.Failed() {
		s.t.Logf("the agent said:\n%s", s.log.String())
	}
}

// shoot puts n more pictures into the hot folder and waits until they are delivered.
func (s *studio) shoot(n int) {
	s.t.Helper()
	for range n {
		s.shots++
		must(s.t, os.WriteFile(filepath.Join(s.dir, "captures", fmt.Sprintf("SS18-%03d_1.jpg", s.shots)), shot(s.shots), 0o644))
	}
	s.await("delivery", func() bool { return strings.Count(s.log.String(), "Photo delivered\" account=nas") >= s.shots })
}

// await waits for something to become true. A minute is far beyond what any of
// it takes: it only keeps a broken program from hanging the test.
func (s *studio) await(what string, done func() bool) {
	s.t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// landed are the names in the import folder.
func (s *studio) landed() (names []string) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "retouched"))
	must(s.t, err)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

// shot draws a picture of a thing on a grey ground, another for each number.
func shot(n int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 900, 1200))
	for y := range 1200 {
		for x := range 900 {
			c := color.RGBA{200 - uint8(y/20), 200 - uint8(y/20), 200 - uint8(y/20), 255}
			dx, dy := x-450, y-600
			if dx*dx/4+dy*dy/9 < 20000+1000*n%9000 {
				c = color.RGBA{uint8(40 + 37*n), uint8(60 + 71*n), uint8(90 + 113*n), 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// brighten is what the vendor does.
func brighten(original []byte) []byte {
	img, err := jpeg.Decode(bytes.NewReader(original))
	if err != nil {
		return original
	}
	b := img.Bounds()
	out := image.NewRGBA(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, g, bl, _ := img.At(x, y).RGBA()
			up := func(v uint32) uint8 { return uint8(min(255, v>>8+50)) }
			out.SetRGBA(x, y, color.RGBA{up(r), up(g), up(bl), 255})
		}
	}
	var w bytes.Buffer
	if err := jpeg.Encode(&w, out, nil); err != nil {
		panic(err)
	}
	return w.Bytes()
}

// A lockedBuffer is a log that a process writes and a test reads.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
