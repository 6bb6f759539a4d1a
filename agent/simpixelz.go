package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/studio-agent/studio-agent/connectors/pixelz/pixelzsim"
)

const (
	demoEmail = "studio@demo.example"
	// pixelzTakes is how long an order takes; with somebody there to watch it takes
	// pixelzTakesTime.
	pixelzTakes, pixelzTakesTime = 2 * time.Second, 6 * time.Second
	// pixelzFails: each fifth order fails, where people are there who can order it
	// again.
	pixelzFails = 5
)

// playPixelz serves Pixelz on loopback. In earnest its account is asked once a
// minute and once a second; here it must end in time.
func playPixelz(s scene) (remote, error) {
	var opt struct {
		Template string    `yaml:"template"`
		Rest     yaml.Node `yaml:",inline"`
	}
	if err := s.account.Decode(&opt); err != nil {
		return remote{}, err
	}
	hand := &pixelzHand{returned: s.returned, times: map[string]int{}}
	options := pixelzsim.Options{
		Email: demoEmail, Key: demoToken, Templates: s.templates(opt.Template), Retouch: hand.retouch, After: pixelzTakes,
		Faults: s.plan, OnEvent: func(e pixelzsim.Event) { sawPixelz(s, e) },
	}
	if s.watched {
		options.After = pixelzTakesTime
	}
	if s.attended {
		options.FailEvery = pixelzFails
	}
	sim := pixelzsim.New(options)
	p, err := openPort()
	if err != nil {
		return remote{}, err
	}
	return remote{
		settings: map[string]any{
			"url": "http://" + p.address() + pixelzsim.Base, "email": demoEmail, "key": "env:" + demoVariable,
			"callback": "", "poll": "1s", "rate": 20,
		},
		serve: func(ctx context.Context) error {
			return p.during(ctx, func() error { return sim.Serve(p) }, func() { sim.Close() })
		},
		holds:  func() ([]holding, error) { return ordersOf(sim), nil },
		outage: p.outage,
		traffic: func() string {
			return fmt.Sprintf("%s has %s, %d of them twice, in %s", s.account.Name,
				count(len(sim.Orders()), "order"), len(sim.OrderedTwice()), count(sim.Requests(""), "request"))
		},
		orders: true,
	}, nil
}

// templates are those that the account and its benches name, beside the usual.
func (s scene) templates(named string) []pixelzsim.Template {
	all := []pixelzsim.Template{{ID: 101, Name: "Green BG"}, {ID: 102, Name: "White BG"}}
	names := []string{named}
	for _, b := range s.benches {
		if b.Selects != nil {
			names = append(names, b.Selects.Template)
		}
	}
	for _, name := range names {
		id, err := strconv.Atoi(name)
		t := pixelzsim.Template{ID: id, Name: "Template " + name}
		if err != nil {
			t = pixelzsim.Template{ID: 103 + len(all), Name: name}
		}
		if name != "" && !slices.ContainsFunc(all, func(known pixelzsim.Template) bool {
			return known.ID == t.ID || strings.EqualFold(known.Name, t.Name)
		}) {
			all = append(all, t)
		}
	}
	return all
}

// A pixelzHand retouches for the simulated Pixelz.
type pixelzHand struct {
	returned func(original, retouched string)

	mu    sync.Mutex
	times map[string]int // by the photo's content
}

// retouch makes another picture each time, for a second one is a corrected one.
func (h *pixelzHand) retouch(original []byte) []byte {
	sha := digestOf(original)
	h.mu.Lock()
	h.times[sha]++
	times := h.times[sha]
	h.mu.Unlock()
	content := onGreen(original, times)
	h.returned(sha, digestOf(content))
	return content
}

// sawPixelz tells of orders, and of trouble.
func sawPixelz(s scene, e pixelzsim.Event) {
	sight := sighting{account: s.account.Name, at: e.At, op: e.Op, fault: e.Fault}
	switch e.Op {
	case "download":
		sight.op = opFetch
	case opOrder:
		if o := e.Order; o.SHA256 != "" {
			sight.sha, sight.name = o.SHA256, photoOf(o)
			sight.where = "order " + o.Ticket[:8]
		}
	}
	if sight.sha != "" || !sight.fault.Zero() {
		s.saw(sight)
	}
}

// photoOf is the photo's name, before which Pixelz has the beginning of the
// order's ID.
func photoOf(o pixelzsim.Order) string {
	return strings.TrimPrefix(o.Name, o.CustomerImageID[:min(8, len(o.CustomerImageID))]+"-")
}

// ordersOf are the orders, one holding for each customerImageId: of a photo there
// must be as many as people have ordered, and of an ID no more than one.
func ordersOf(sim *pixelzsim.Sim) []holding {
	var all []holding
	at, newest := map[string]int{}, map[string]int{} // by ID; by content
	for _, o := range sim.Orders() {
		if o.Deleted {
			continue
		}
		i, again := at[o.CustomerImageID]
		if !again {
			i = len(all)
			at[o.CustomerImageID] = i
			all = append(all, holding{name: photoOf(o), sha: o.SHA256, current: true, benches: []string{o.Folder}})
			if before, ok := newest[o.SHA256]; ok {
				all[before].current = false
			}
			newest[o.SHA256] = i
		}
		all[i].times++
	}
	return all
}
