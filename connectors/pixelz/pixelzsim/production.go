package pixelzsim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// Orders returns all that were placed, in order, also those that were deleted.
func (s *Sim) Orders() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Order
	for _, o := range s.orders {
		c := o.Order
		c.Rejections = slices.Clone(c.Rejections)
		all = append(all, c)
	}
	return all
}

// OrderedTwice returns the customerImageIds of which there is more than one order,
// and which would have been paid so.
func (s *Sim) OrderedTwice() (ids []string) {
	times := map[string]int{}
	for _, o := range s.Orders() {
		if times[o.CustomerImageID]++; o.CustomerImageID != "" && times[o.CustomerImageID] == 2 {
			ids = append(ids, o.CustomerImageID)
		}
	}
	return ids
}

// Requests counts the requests of an operation; "" means all.
func (s *Sim) Requests(op string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op != "" {
		return s.requests[op]
	}
	n := 0
	for _, count := range s.requests {
		n += count
	}
	return n
}

// Busiest is the highest number of calls of the API seen in any second.
func (s *Sim) Busiest() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busiest
}

// Original is what was ordered to be retouched; nil if it could not be fetched or
// there is no such order.
func (s *Sim) Original(ticket string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.find(ticket); o != nil {
		return o.original
	}
	return nil
}

// Begin puts an order into production.
func (s *Sim) Begin(ticket string) error {
	return s.with(ticket, func(o *order) { o.begin() })
}

// SetStatus gives an order any status.
func (s *Sim) SetStatus(ticket string, status int, name string) error {
	return s.with(ticket, func(o *order) { o.Status, o.StatusName = status, name })
}

// Fail gives an order up.
func (s *Sim) Fail(ticket, reason string) error {
	return s.with(ticket, func(o *order) { o.fail(reason) })
}

func (o *order) fail(reason string) {
	o.Status, o.StatusName, o.Reason = StatusFailed, "Error", reason
}

func (s *Sim) with(ticket string, do func(*order)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(ticket)
	if o == nil {
		return fmt.Errorf("there is no order %s", ticket)
	}
	do(o)
	return nil
}

// Produce delivers an order, made by Options.Retouch, and calls back. One whose
// photo could not be fetched fails instead.
func (s *Sim) Produce(ticket string) error {
	return s.ProduceAs(ticket, nil)
}

// ProduceAs delivers an order with that content; nil means what Retouch makes.
func (s *Sim) ProduceAs(ticket string, content []byte) error {
	var call Callback
	err := s.with(ticket, func(o *order) { call = s.deliver(o, content) })
	s.callBack(call)
	return err
}

// deliver puts the finished pictures of o in place and returns the callback to
// make. The caller holds mu.
func (s *Sim) deliver(o *order, content []byte) Callback {
	if content == nil {
		if o.original == nil {
			o.fail("The image could not be downloaded")
			return Callback{}
		}
		content = s.opt.Retouch(o.original)
	}
	o.Version++
	at := o.Version
	if s.opt.SameAddress {
		at = 1
	}
	o.Status, o.StatusName, o.Reason, o.paths = StatusDelivered, "Delivered", "", nil
	for _, ext := range append([]string{path.Ext(o.Name)}, s.opt.Extra...) {
		name := strings.TrimSuffix(o.Name, path.Ext(o.Name)) + ext
		where := fmt.Sprintf("/storage/out/%s/%d/", o.Ticket, at)
		o.finals[where+name] = content
		o.paths = append(o.paths, where+url.PathEscape(name))
	}
	return Callback{Ticket: o.Ticket, URL: o.CallbackURL, processed: s.home + o.paths[0], template: o.Template}
}

// Return delivers content for the order of a photo of that name, in place of what
// was delivered for it before. If there is none it was ordered in the portal, by
// hand.
func (s *Sim) Return(name string, content []byte) (ticket string) {
	s.mu.Lock()
	i := slices.IndexFunc(s.orders, func(o *order) bool { return o.Name == path.Base(name) && !o.Deleted })
	if i < 0 {
		i = len(s.orders)
		s.add(&order{Order: Order{Name: path.Base(name), At: time.Now(), Size: -1}, finals: map[string][]byte{}})
	}
	call := s.deliver(s.orders[i], content)
	s.mu.Unlock()
	s.callBack(call)
	return call.Ticket
}

// Advance moves on what has had its time (Options.After).
func (s *Sim) Advance() {
	if s.opt.After <= 0 {
		return
	}
	var calls []Callback
	s.mu.Lock()
	for _, o := range s.orders {
		age := time.Since(o.begun)
		switch {
		case o.Deleted || o.Status >= StatusDelivered:
		case age >= s.opt.After && s.opt.FailEvery > 0 && o.serial%s.opt.FailEvery == 0 && len(o.Rejections) == 0:
			o.fail("The background cannot be told from the product")
		case age >= s.opt.After:
			calls = append(calls, s.deliver(o, nil))
		case age >= s.opt.After*2/3:
			o.Status, o.StatusName = StatusChecking, "Production finished"
		case age >= s.opt.After/3:
			o.Status, o.StatusName = StatusStarted, "In production"
		}
	}
	s.mu.Unlock()
	for _, call := range calls {
		s.callBack(call)
	}
}

// A Callback is one call of an order's imageCallbackURL.
type Callback struct {
	Ticket, URL string
	Status      int // of the answer; 0 if there was none

	processed, template string
}

// Callbacks returns those that were made, in order.
func (s *Sim) Callbacks() []Callback {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.callbacks)
}

// callBack tells that an order is done: imageTicket, processedImageURL and
// templateId.
func (s *Sim) callBack(call Callback) {
	if call.URL == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	text, _ := json.Marshal(map[string]string{"imageTicket": call.Ticket, "processedImageURL": call.processed, "templateId": call.template})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, call.URL, bytes.NewReader(text))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
		if resp, err := s.opt.HTTP.Do(req); err == nil {
			call.Status = resp.StatusCode
			resp.Body.Close()
		}
	}
	s.mu.Lock()
	s.callbacks = append(s.callbacks, call)
	s.mu.Unlock()
}
