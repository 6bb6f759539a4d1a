//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// TestAWrongTokenIsCorrectedWhileRunning: the account is paused with one
// message, nothing is lost, and a new token in its file works after SIGHUP,
// which restarts just that account. The log's level changes on the way.
func TestAWrongTokenIsCorrectedWhileRunning(t *testing.T) {
	t.Parallel()
	sim := grandshootingsim.New(grandshootingsim.Options{Token: "the-right-token", Rate: -1})
	url := serveSim(t, sim)
	root := sim.AddProduction("Hangup", 10, 40)[0].ID
	in := install(t, "")
	captures, token := in.folder("captures"), filepath.Join(in.dir, "gs.token")
	must(t, os.WriteFile(token, []byte("a-wrong-token\n"), 0o600))
	yaml := func(level string) []byte {
		return fmt.Appendf(nil, `
log: {level: %s}
page: off
accounts: {gs: {type: grandshooting, url: %s/v2, token: file:gs.token, rate: 100}}
benches: [{name: bench, production: %d, captures: {folder: %s, to: [gs]}}]
`, level, url, root, captures)
	}
	must(t, os.WriteFile(in.config, yaml("info"), 0o600))
	agent := in.start()
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range 5 {
		overwrite(t, filepath.Join(captures, fmt.Sprintf("%d.jpg", i)), jpegOf(rnd, 30_000))
	}
	until(t, time.Minute, "the account is paused and the photos are seen", func() bool {
		out, _ := in.output("status")
		return strings.Contains(out, "▲ account gs: ") && strings.Contains(out, "5 on the way")
	})
	if n := strings.Count(in.log.tail(1_000_000), "Account is paused"); n != 1 {
		t.Errorf("%d messages say that the account is paused, want 1", n)
	}
	must(t, os.WriteFile(token, []byte("the-right-token\n"), 0o600))
	must(t, os.WriteFile(in.config, yaml("debug"), 0o600))
	must(t, agent.Process.Signal(syscall.SIGHUP))
	until(t, time.Minute, "all photos arrive", func() bool { return len(sim.Pictures()) == 5 && in.idle() })
	until(t, time.Minute, "the log tells more", func() bool { return strings.Contains(in.log.tail(1_000_000), "level=DEBUG") })
	for _, secret := range []string{"a-wrong-token", "the-right-token"} {
		if strings.Contains(in.log.tail(10_000_000), secret) {
			t.Errorf("the log holds the secret %q", secret)
		}
	}
}
