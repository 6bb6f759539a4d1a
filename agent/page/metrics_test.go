package page

import (
	"slices"
	"strings"
	"testing"
)

func TestMetrics(t *testing.T) {
	r := newStudio(t)
	text := r.get("/metrics")
	var ours []string
	for line := range strings.Lines(text) {
		name, kind, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "# TYPE "), " ")
		if strings.HasPrefix(line, "# TYPE studio_agent_") {
			ours = append(ours, strings.TrimPrefix(name, "studio_agent_")+" "+kind)
		}
	}
	slices.Sort(ours)
	want := []string{
		"account_up gauge", "build_info gauge", "delivered_today_bytes gauge", "delivered_total counter", "folder_waiting gauge", "folders gauge",
		"landed_total counter", "last_delivered_timestamp_seconds gauge", "oldest_open_seconds gauge", "open_bytes gauge", "pictures gauge",
		"running gauge", "tasks_late gauge", "tasks_open gauge", "transfers gauge", "unfetched gauge",
	}
	if !slices.Equal(ours, want) {
		t.Errorf("metrics\n%q, want\n%q", ours, want)
	}
	wants(t, text,
		`studio_agent_build_info{version="test"} 1`,
		"studio_agent_running 1",
		`studio_agent_pictures{account="gs",bench="packshot-2",state="held"} 3`,
		`studio_agent_pictures{account="gs",bench="model-1",state="moving"} 3`,
		`studio_agent_pictures{account="acme",bench="packshot-1",state="offered"} 2`,
		`studio_agent_delivered_total{account="gs",bench="packshot-1"} 9`,
		`studio_agent_delivered_total{account="acme",bench="mirror acme:/put"} 1`,
		`studio_agent_account_up{account="nas",direction="out"} 0`,
		`studio_agent_account_up{account="acme",direction="in"} 1`,
		`studio_agent_transfers{account="gs",direction="out"} 3`,
		`studio_agent_folders{bench="packshot-2",watching="polling"} 1`,
		"go_goroutines ", "process_start_time_seconds ",
	)
	lacks(t, text, ".jpg", ".tif", ".psd", ".CR3", "SS18", "LOOK")
}
