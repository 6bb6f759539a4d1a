package ftp

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/ftp/ftpsim"
)

// used is an account whose only session has delivered a photo: the next may be
// sealed at once.
func used(t *testing.T, opt simOptions) (*remote, *account, destination) {
	t.Helper()
	r := serve(t, opt)
	setup := r.setup(t, options{Put: "in"}, connectors.Setup{Connections: 1})
	var o options
	setup.Decode(&o)
	a, err := newAccount(setup, o)
	if err != nil {
		t.Fatal(err)
	}
	p, open := photo("0000.jpg", "another")
	p.ID = "00000000000000000000"
	if _, err := (destination{a}).Deliver(t.Context(), p, open, nothing); err != nil {
		t.Fatal(err)
	}
	return r, a, destination{a}
}

func TestTheSecondPhotoOfASessionIsSealedAtOnce(t *testing.T) {
	for name, opt := range map[string]simOptions{
		"plain": {}, "explicit": {TLS: ftpsim.Explicit, RequireReuse: true}, "implicit": {TLS: ftpsim.Implicit},
	} {
		r, _, d := used(t, opt)
		p, open := photo("0001.jpg", "picture")
		receipt, err := d.Deliver(t.Context(), p, open, nothing)
		if want := fmt.Sprintf("7-%d-", shot.Unix()); err != nil || !strings.HasPrefix(receipt.ID, want) {
			t.Errorf("%s: %q, %v; want %s…", name, receipt.ID, err, want)
		}
		wantContent(t, filepath.Join(r.dir, "in", "0001.jpg"), "picture")
		if n := r.Count("SIZE"); n != 1 { // step by step all is asked by MLST here
			t.Errorf("%s: %d SIZEs, want one", name, n)
		}
	}
}

// What is not as hoped at once is found out step by step.
func TestAReplyThatIsNotHopedForCostsNothing(t *testing.T) {
	for name, trouble := range map[string][]any{
		"no time":          {ftpsim.OpTime, faults.Fault{Status: 550}, faults.Fault{Status: 550}},
		"no size":          {ftpsim.OpStat, faults.Fault{Status: 450}},
		"look not allowed": {ftpsim.OpStat, faults.Fault{}, faults.Fault{Status: 450}},
		"RNTO goes later":  {ftpsim.OpRename, faults.Fault{Status: 450}},
	} {
		plan := faults.NewPlan(1)
		r, _, d := used(t, simOptions{Faults: plan})
		for _, f := range trouble[1:] {
			plan.Then(trouble[0].(string), f.(faults.Fault))
		}
		p, open := photo("0001.jpg", "picture")
		receipt, err := d.Deliver(t.Context(), p, open, nothing)
		if dated := strings.Contains(receipt.ID, strconv.FormatInt(shot.Unix(), 10)); dated != (name == "no size" || name == "look not allowed") {
			t.Errorf("%s: the receipt is %q", name, receipt.ID)
		}
		if later := trouble[0] == ftpsim.OpRename; (err != nil) != later {
			t.Errorf("%s: got %v", name, err)
		}
		if err != nil {
			p.Published = true
			if _, err := d.Deliver(t.Context(), p, open, nothing); err != nil {
				t.Errorf("%s, once more: %v", name, err)
			}
		}
		wantOnlyPhotos(t, r, "0000.jpg", "0001.jpg")
		wantContent(t, filepath.Join(r.dir, "in", "0001.jpg"), "picture")
	}
}

func TestAPhotoOfWhichTheServerKeptLessIsNotAnnounced(t *testing.T) {
	opt := simOptions{Dir: t.TempDir()}
	opt.OnEvent = func(e ftpsim.Event) {
		if e.Command == "STOR" && strings.Contains(e.Path, id) {
			if err := os.Truncate(filepath.Join(opt.Dir, e.Path), 3); err != nil {
				t.Error(err)
			}
		}
	}
	r, _, d := used(t, opt)
	p, open := photo("0001.jpg", "picture")
	_, err := d.Deliver(t.Context(), p, open, func() error { t.Error("it was announced"); return nil })
	if meaning(err) != later || err == nil || !strings.Contains(err.Error(), "3 bytes of 7") {
		t.Errorf("got %v", err)
	}
	wantOnlyPhotos(t, r, "0000.jpg")
}

// Wherever the connection breaks, the photo is there whole or not at all, is
// found if it is, and is brought by the next try if it is not.
func TestABreakAtEachStepLosesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		op        string
		faults    []faults.Fault
		published bool
	}{
		"STOR":            {ftpsim.OpStore, []faults.Fault{{Cut: -1}}, false},
		"half":            {ftpsim.OpStore, []faults.Fault{{Cut: 3}}, false},
		"time":            {ftpsim.OpTime, []faults.Fault{{Cut: -1}}, false},
		"reply to time":   {ftpsim.OpTime, []faults.Fault{{LoseReply: true}}, false},
		"size":            {ftpsim.OpStat, []faults.Fault{{Cut: -1}}, false},
		"look":            {ftpsim.OpStat, []faults.Fault{{}, {Cut: -1}}, false},
		"rename":          {ftpsim.OpRename, []faults.Fault{{Cut: -1}}, true},
		"reply to rename": {ftpsim.OpRename, []faults.Fault{{LoseReply: true}}, true},
	} {
		plan := faults.NewPlan(1)
		r, _, d := used(t, simOptions{Faults: plan})
		plan.Then(c.op, c.faults...)
		p, open := photo("0001.jpg", "picture")
		_, err := d.Deliver(t.Context(), p, open, func() error { p.Published = true; return nil })
		if meaning(err) != later || err == nil || p.Published != c.published {
			t.Errorf("%s: %v, published %v", name, err, p.Published)
		}
		before := r.Count("STOR")
		receipts, err := d.Find(t.Context(), []connectors.Photo{p})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if happened := strings.HasPrefix(name, "reply to rename"); receipts[0].Zero() == happened {
			t.Errorf("%s: Find gives %+v", name, receipts[0])
		}
		if receipts[0].Zero() {
			if _, err := d.Deliver(t.Context(), p, open, nothing); err != nil || r.Count("STOR") != before+1 {
				t.Errorf("%s, once more: %v", name, err)
			}
		}
		wantOnlyPhotos(t, r, "0000.jpg", "0001.jpg")
		wantContent(t, filepath.Join(r.dir, "in", "0001.jpg"), "picture")
	}
}

func TestSomebodyElsesFileIsNeverReplacedAtOnce(t *testing.T) {
	for name, opt := range map[string]simOptions{"MLST": {NoReplace: true}, "SIZE": {NoReplace: true, NoMLSD: true}} {
		for _, when := range []string{"while the photo is sent", "while it is announced"} {
			r, _, d := used(t, opt)
			final := filepath.Join(r.dir, "in", "0001.jpg")
			p, open := photo("0001.jpg", "picture")
			theirs := func() error { write(t, final, []byte("somebody else's")); return nil }
			body, publish := open, theirs
			if when == "while the photo is sent" {
				theirs()
				publish = func() error { t.Error("it was announced"); return nil }
			}
			if _, err := d.Deliver(t.Context(), p, body, publish); meaning(err) != rejected {
				t.Errorf("%s, %s: got %v", name, when, err)
			}
			wantContent(t, final, "somebody else's")
		}
	}
}

func TestAPhotoThatHadToWaitLooksAgain(t *testing.T) {
	for theirs, want := range map[string]string{"somebody else's": rejected, "picture": "fine"} {
		r, a, d := used(t, simOptions{})
		p, open := photo("0001.jpg", "picture")
		one := &delivery{photo: p, there: &d.there, root: "in", name: "0001.jpg", open: open, publish: nothing}
		final := filepath.Join(r.dir, "in", "0001.jpg")
		err := a.pool.do(t.Context(), working, func(s *session) error {
			one.session = s
			if err := one.hand(t.Context()); err != nil {
				return err
			}
			write(t, final, []byte(theirs))
			one.looked = one.looked.Add(-lately)
			return one.show(t.Context())
		})
		if meaning(err) != want {
			t.Errorf("%s: got %v", theirs, err)
		}
		wantContent(t, final, theirs)
	}
}

func TestAServerThatDoesNotAnswerCommandsSentTogetherIsLearnt(t *testing.T) {
	for name, opt := range map[string]simOptions{"drops": {DropsMore: true}, "cuts": {CutsMore: true}, "cuts, TLS": {CutsMore: true, TLS: ftpsim.Explicit}} {
		r, a, d := used(t, opt)
		for i := range 2 {
			a.pool.idle[0].control.hush = 20 * time.Millisecond // the server never answers
			p, open := photo("0001.jpg", "picture")
			if _, err := d.Deliver(t.Context(), p, open, nothing); meaning(err) != later || err == nil {
				t.Errorf("%s: try %d gave %v", name, i+1, err)
			}
			p, open = photo(fmt.Sprintf("step by step %d.jpg", i), "another") // a session's first
			p.ID = fmt.Sprintf("%020d", i+1)
			if _, err := d.Deliver(t.Context(), p, open, nothing); err != nil {
				t.Fatal(err)
			}
		}
		if got := kept(t, a.memory, profileKey); got != `{"no_together":true}` {
			t.Errorf("%s: the profile is %s", name, got)
		}
		p, open := photo("0001.jpg", "picture")
		if _, err := d.Deliver(t.Context(), p, open, nothing); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantOnlyPhotos(t, r, "0000.jpg", "0001.jpg", "step by step 0.jpg", "step by step 1.jpg")
	}
}

// What stands in the clear behind the server's yes to TLS was put there by
// somebody on the way.
func TestRepliesThatAreSmuggledInBeforeTLSAreRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprint(c, "220 hello\r\n")
		c.Read(make([]byte, 100))
		fmt.Fprint(c, "234 go ahead\r\n230 you are logged in\r\n")
		c.Read(make([]byte, 1))
	}()
	r := serve(t, simOptions{TLS: ftpsim.Explicit})
	c := r.connect(t, options{Put: "in", Host: l.Addr().String()}, connectors.Setup{})
	if err := c.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), errStep.Error()) {
		t.Errorf("got %v", err)
	}
}

// wantOnlyPhotos wants these files in the folder, and no temporary ones.
func wantOnlyPhotos(t *testing.T, r *remote, want ...string) {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(r.dir, "in"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("there is %q, want %q", got, want)
	}
}
