package page

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/studio-agent/studio-agent/agent/overview"
)

const scrapeWithin = 10 * time.Second

// metrics answers Prometheus, from a registry of its own. Labels are benches,
// accounts and states: what is in agent.yaml, never the name of a picture.
func (s *Server) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), figures{s})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: scrapeWithin})
}

// figures reads the overview at each scrape.
type figures struct{ server *Server }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("studio_agent_"+name, help, labels, nil)
}

var (
	buildInfo    = desc("build_info", "Always 1; the version of the agent.", "version")
	running      = desc("running", "1 if the agent gives signs of life, 0 if not.")
	pictures     = desc("pictures", "Pictures that are not through, by state.", "bench", "account", "state")
	delivered    = desc("delivered_total", "Pictures delivered and seen there, ever.", "bench", "account")
	bytesToday   = desc("delivered_today_bytes", "Bytes delivered since midnight.", "bench", "account")
	openBytes    = desc("open_bytes", "Bytes on their way out.", "bench", "account")
	landed       = desc("landed_total", "Retouches that came back and lie in their folder, ever.", "bench", "account")
	oldest       = desc("oldest_open_seconds", "Age of the oldest picture on its way out; 0 if there is none.", "bench", "account")
	lastDone     = desc("last_delivered_timestamp_seconds", "When a picture was last delivered; absent if none was.", "bench", "account")
	accountUp    = desc("account_up", "1 if the account works, 0 if it is paused, refused or out of reach.", "account", "direction")
	transfers    = desc("transfers", "Transfers under way.", "account", "direction")
	folderState  = desc("folders", "Hot folders, by how they are watched.", "bench", "watching")
	folderFiles  = desc("folder_waiting", "Files that are not accepted yet.", "bench", "held")
	tasksOpen    = desc("tasks_open", "Tasks of which something is still expected.")
	tasksLate    = desc("tasks_late", "Of these, past their deadline.")
	unfetchedNow = desc("unfetched", "Retouches that are ready for more than a day and not fetched.", "account")
)

// Describe names what Collect sends.
func (f figures) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{buildInfo, running, pictures, delivered, bytesToday, openBytes, landed, oldest, lastDone, accountUp, transfers,
		folderState, folderFiles, tasksOpen, tasksLate, unfetchedNow} {
		out <- d
	}
}

// Collect reads the ledger. If it cannot, the scrape fails, and says why.
func (f figures) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin)
	defer cancel()
	o, err := overview.Read(ctx, f.server.Config(), f.server.Ledger)
	if err != nil {
		out <- prometheus.NewInvalidMetric(running, err)
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(buildInfo, 1, f.server.Version)
	gauge(running, truth(o.Running))
	gauge(tasksOpen, float64(o.Tasks))
	gauge(tasksLate, float64(o.Late))
	for _, b := range o.Benches {
		benchFigures(out, o, b)
	}
	accountFigures(gauge, o)
}

func benchFigures(out chan<- prometheus.Metric, o overview.Overview, b overview.Bench) {
	send := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	for _, t := range b.Tallies {
		for state, n := range map[string]int{"queued": t.Queued, "moving": t.Moving, "sent": t.Sent, "held": t.Parked, "offered": t.Offered, "importing": t.Importing, "stuck": t.Stuck} {
			send(pictures, prometheus.GaugeValue, float64(n), b.Name, t.Account, state)
		}
		send(delivered, prometheus.CounterValue, float64(t.Done), b.Name, t.Account)
		send(landed, prometheus.CounterValue, float64(t.Landed), b.Name, t.Account)
		send(bytesToday, prometheus.GaugeValue, float64(t.TodayBytes), b.Name, t.Account)
		send(openBytes, prometheus.GaugeValue, float64(t.OpenBytes), b.Name, t.Account)
		age := 0.0
		if !t.Oldest.IsZero() {
			age = o.Now.Sub(t.Oldest).Seconds()
		}
		send(oldest, prometheus.GaugeValue, age, b.Name, t.Account)
		if !t.LastDone.IsZero() {
			send(lastDone, prometheus.GaugeValue, float64(t.LastDone.Unix()), b.Name, t.Account)
		}
	}
	watched, waits, held := map[string]int{"events": 0, "polling": 0, "blind": 0}, 0, 0
	for _, f := range b.Folders {
		if f.Watching != "" {
			watched[f.Watching]++
		}
		waits, held = waits+f.Waits-f.Held, held+f.Held
	}
	for how, n := range watched {
		send(folderState, prometheus.GaugeValue, float64(n), b.Name, how)
	}
	send(folderFiles, prometheus.GaugeValue, float64(waits), b.Name, "no")
	send(folderFiles, prometheus.GaugeValue, float64(held), b.Name, "yes")
}

func accountFigures(gauge func(d *prometheus.Desc, v float64, labels ...string), o overview.Overview) {
	for _, a := range o.Live.Accounts {
		gauge(accountUp, truth(a.Closed == ""), a.Account, "out")
		gauge(transfers, float64(len(a.Transfers)), a.Account, "out")
	}
	for _, s := range o.Live.Sources {
		gauge(accountUp, truth(s.Closed == "" && s.Trouble == ""), s.Account, "in")
		gauge(transfers, float64(len(s.Transfers)), s.Account, "in")
		gauge(unfetchedNow, float64(len(s.Unfetched)), s.Account)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
