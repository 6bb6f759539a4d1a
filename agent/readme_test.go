package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors/all"
)

// Every agent.yaml that the README shows is accepted as it stands.
func TestTheReadmesConfigurationsAreAccepted(t *testing.T) {
	t.Setenv("GS_TOKEN", "token")
	t.Setenv("FTP_PASSWORD", "password")
	t.Setenv("PIXELZ_EMAIL", "studio@example.com")
	t.Setenv("PIXELZ_KEY", "key")
	t.Setenv("ML_TOKEN", "token")
	t.Setenv("CF_ID", "id")
	t.Setenv("CF_SECRET", "secret")
	t.Setenv("CF_HOOK", "c2VjcmV0")
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?ms)^ *```yaml\n(.*?)^ *```").FindAllSubmatch(readme, -1)
	if len(shown) < 3 {
		t.Fatalf("the README shows %d configurations, want at least 3", len(shown))
	}
	for _, block := range shown {
		text := regexp.MustCompile(`(?m)^   `).ReplaceAllString(string(block[1]), "")
		if strings.HasPrefix(string(block[1]), "accounts") || strings.HasPrefix(string(block[1]), "mirrors") {
			text = string(block[1])
		}
		file := filepath.Join(t.TempDir(), "agent.yaml")
		cfg, err := config.Parse(file, []byte(text), all.Registry().Types()...)
		if err != nil {
			t.Errorf("%v in\n%s", err, text)
			continue
		}
		c := cli{config: file}
		if _, err := c.tools(cfg, nil).connect(cfg); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
	}
}
