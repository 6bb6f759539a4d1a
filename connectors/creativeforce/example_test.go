package creativeforce

import (
	"os"
	"reflect"
	"regexp"
	"testing"
)

// Every key of an account and of its benches is shown in agent.yaml.example, and
// every one that no document states is explained in the README.
func TestEveryKeyIsExplained(t *testing.T) {
	example, err := os.ReadFile("../../agent.yaml.example")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[options](), reflect.TypeFor[benchOptions]()} {
		for i := range typ.NumField() {
			name := typ.Field(i).Tag.Get("yaml")
			if name == "" || !regexp.MustCompile(`(?m)(^|[\s#{])`+name+`:`).Match(example) {
				t.Errorf("agent.yaml.example does not show %s %q", typ.Field(i).Name, name)
			}
		}
	}
	for _, name := range unverified {
		if !regexp.MustCompile("(?m)^\\| `" + name + "` +\\|").Match(readme) {
			t.Errorf("the README does not list the unverified option %s", name)
		}
	}
}

// unverified are the keys whose defaults stand in no document.
var unverified = []string{
	"paths", "hosts", "page_size", "statuses", "start", "file_type", "md5", "submit_delay", "submit_patience", "submit_doubt", "unknown_assets",
	"webhook_hash", "webhook_key",
}

// Each option whose comment says "unverified" is in that list, and no other.
func TestWhatIsMarkedUnverifiedIsListed(t *testing.T) {
	source, err := os.ReadFile("options.go")
	if err != nil {
		t.Fatal(err)
	}
	marked := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)((?:^\t// .*\n)+)((?:^\t[A-Z].*`yaml:\"[a-z0-9_]+\"`.*\n)+)").FindAllSubmatch(source, -1) {
		if regexp.MustCompile(`(?i)\bunverified\b`).Match(m[1]) {
			name := regexp.MustCompile(`yaml:"([a-z0-9_]+)"`).FindSubmatch(m[2])
			marked[string(name[1])] = true
		}
	}
	for _, name := range unverified {
		if !marked[name] {
			t.Errorf("%s is listed, and its comment does not say unverified", name)
		}
		delete(marked, name)
	}
	for name := range marked {
		t.Errorf("%s is marked unverified, and is not in the list", name)
	}
}
