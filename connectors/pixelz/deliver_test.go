package pixelz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/pixelz/pixelzsim"
)

func TestWhatAnOrderSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{yaml: "callback: http://127.0.0.1:9\nhook_key: env:HOOK\nlink: 'https://portal.example/o/{ticket}'"})
		content := []byte("a picture")
		p := photo("monday/shoe 1.jpg", content)
		p.Template, p.Comment = "White BG", "no \"dust\"\nplease"
		p.Deadline = time.Now().Add(48 * time.Hour)
		receipt, err := w.deliver(t.Context(), p, content)
		if err != nil {
			t.Fatal(err)
		}
		o := w.sim.Orders()[0]
		want := pixelzsim.Order{
			Ticket: receipt.ID, CustomerImageID: p.ID, Template: "102", ImageURL: o.ImageURL, Folder: "packshot", Comment: p.Comment,
			Deadline: p.Deadline.UTC().Format("2006-01-02 15:04:05"), CallbackURL: w.callback, Name: p.ID[:8] + "-shoe 1.jpg",
			At: o.At, Status: 10, StatusName: "New", Size: 9, SHA256: o.SHA256,
		}
		if fmt.Sprintf("%+v", o) != fmt.Sprintf("%+v", want) {
			t.Errorf("got  %+v\nwant %+v", o, want)
		}
		if string(w.sim.Original(receipt.ID)) != "a picture" {
			t.Errorf("it is about %q", w.sim.Original(receipt.ID))
		}
		link := "https://portal.example/o/" + receipt.ID
		if receipt != (connectors.Receipt{ID: receipt.ID, Name: p.Name, Link: link, Size: 9, Verified: true}) {
			t.Errorf("the receipt is %+v", receipt)
		}
	})
}

func TestDeadline(t *testing.T) {
	for ahead, sent := range map[time.Duration]bool{
		0: false, -time.Hour: false, time.Hour: false, 24 * time.Hour: false, leastTime - time.Second: false, leastTime + time.Second: true, 1000 * time.Hour: true,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, how{})
			p := photo("a.jpg", []byte("a"))
			if ahead != 0 {
				p.Deadline = time.Now().Add(ahead).In(time.FixedZone("studio", 7200))
			}
			if _, err := w.deliver(t.Context(), p, []byte("a")); err != nil {
				t.Fatal(err)
			}
			if got := w.sim.Orders()[0].Deadline; (got != "") != sent || sent && got != p.Deadline.UTC().Format(timeForm) {
				t.Errorf("%v ahead: sent %q", ahead, got)
			}
		})
	}
}

// What comes with 200 is judged by its ErrorCode.
func TestAnswersToAnOrder(t *testing.T) {
	const ticket = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
	tests := map[string]struct {
		reply string
		want  string // success, rejected, denied, throttled or later
	}{
		"text":                {`{"ErrorCode":"NoError","ImageTicket":"` + ticket + `"}`, "success"},
		"upper case":          {`{"ErrorCode":"noerror","ImageTicket":"` + strings.ToUpper(ticket) + `"}`, "success"},
		"number":              {`{"ErrorCode":0,"Message":null,"ImageTicket":"` + ticket + `"}`, "success"},
		"number as text":      {`{"ErrorCode":"0","ImageTicket":"` + ticket + `"}`, "success"},
		"no code":             {`{"ImageTicket":"` + ticket + `"}`, "success"},
		"null code":           {`{"ErrorCode":null,"imageTicket":"` + ticket + `"}`, "success"},
		"wrapped":             {`{"AddImageToQueueResult":{"ErrorCode":"NoError","ImageTicket":"` + ticket + `"}}`, "success"},
		"with a mark":         {"\ufeff" + `{"ImageTicket":"` + ticket + `"}`, "success"},
		"nothing":             {``, "later"},
		"null":                {`null`, "later"},
		"no code, no ticket":  {`{}`, "later"},
		"no ticket":           {`{"ErrorCode":"NoError"}`, "later"},
		"a ticket of zeros":   {`{"ErrorCode":0,"ImageTicket":"00000000-0000-0000-0000-000000000000"}`, "later"},
		"a ticket that leads": {`{"ErrorCode":0,"ImageTicket":"../Reject/x"}`, "later"},
		"code and ticket":     {`{"ErrorCode":"Odd","ImageTicket":"` + ticket + `"}`, "later"},
		"not JSON":            {`OK`, "later"},
		"half of it":          {`{"ErrorCode":"NoErr`, "later"},
		"a web page":          {`<html>login</html>`, "later"},
		"a number":            {`{"ErrorCode":17,"Message":"imageURL is not valid"}`, "rejected"},
		"template":            {`{"ErrorCode":"TemplateNotFound","Message":"x"}`, "rejected"},
		"key":                 {`{"ErrorCode":"InvalidAPIKey","Message":"x"}`, "denied"},
		"key, by number":      {`{"ErrorCode":2,"Message":"Contact API key is not valid"}`, "denied"},
		"no money":            {`{"ErrorCode":"InsufficientCredit","Message":"x"}`, "denied"},
		"contact":             {`{"ErrorCode":"ContactNotFound","Message":"x"}`, "denied"},
		"too fast":            {`{"ErrorCode":"TooManyRequests","Message":"x"}`, "throttled"},
		"trouble":             {`{"ErrorCode":"InternalError","Message":"x"}`, "later"},
		"timed out":           {`{"ErrorCode":99,"Message":"Timeout expired"}`, "later"},
		"known already":       {`{"ErrorCode":"DuplicateCustomerImageId","Message":"x"}`, "later"},
		"login service":       {`{"ErrorCode":5,"Message":"authentication is temporarily unavailable"}`, "later"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := answering(t, scripted{"/Image": tt.reply, "/Image/nonticket": `{"ErrorCode":"ImageNotFound"}`})
			calls := 0
			receipt, err := a.Deliver(t.Context(), photo("a.jpg", []byte("a")), opener([]byte("a")), func() error { calls++; return nil })
			if got := meaning(err); got != tt.want || (receipt.ID == ticket) != (tt.want == "success") {
				t.Errorf("got %s, %q (%v), want %s", got, receipt.ID, err, tt.want)
			}
			if calls != 1 {
				t.Errorf("publish was called %d times", calls)
			}
		})
	}
}

func meaning(err error) string {
	switch {
	case err == nil:
		return "success"
	case errors.Is(err, connectors.ErrRejected):
		return "rejected"
	case errors.Is(err, connectors.ErrDenied):
		return "denied"
	case errors.As(err, new(*connectors.ThrottledError)):
		return "throttled"
	}
	return "later"
}

func TestWhatPixelzDoesNotTake(t *testing.T) {
	w := newWorld(t, how{})
	for name, size := range map[string]int64{"too large": 2<<30 + 1, "empty": 0} {
		p := photo("a.tif", nil)
		p.Size = size
		_, err := w.Deliver(t.Context(), p, func() (io.ReadCloser, error) { t.Error("it was opened"); return nil, io.EOF }, published)
		if !errors.Is(err, connectors.ErrRejected) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	if n := w.sim.Requests(""); n != 0 {
		t.Errorf("Pixelz was asked %d times", n)
	}
}

// Without storage of its own the account needs the photo's address elsewhere.
func TestHowPhotosGetThere(t *testing.T) {
	at := func(address string, err error) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return address, err }
	}
	platform := "http://127.0.0.1:8/public/7.jpg"
	errAsk := errors.New("the platform is in trouble")
	tests := map[string]struct {
		upload   string
		lacks    bool
		url      func(context.Context) (string, error)
		want     string // meaning
		says     string
		imageURL string // contained
		presigns int    // in two deliveries
	}{
		"storage":                 {"auto", false, nil, "success", "", "/storage/in/", 2},
		"storage before platform": {"auto", false, at(platform, nil), "success", "", "/storage/in/", 2},
		"platform":                {"auto", true, at(platform, nil), "success", "", platform, 1},
		"neither":                 {"auto", true, nil, "rejected", "ask Pixelz to enable direct uploads", "", 1},
		"platform in trouble":     {"auto", true, at("", errAsk), "later", "the platform is in trouble", "", 1},
		"platform has none":       {"auto", true, at("", connectors.Rejected("no public address")), "rejected", "no public address", "", 1},
		"platform tells nonsense": {"auto", true, at("/7.jpg", nil), "later", "no plain address", "", 1},
		"storage only":            {"presign", true, at(platform, nil), "rejected", "takes no direct uploads", "", 1},
		"platform only":           {"url", false, at(platform, nil), "success", "", platform, 0},
		"platform only, none":     {"url", false, nil, "rejected", "at no platform", "", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, how{Options: pixelzsim.Options{NoPresign: tt.lacks}, yaml: "upload: " + tt.upload})
			for i := range 2 {
				content := []byte("a picture")
				p := photo(fmt.Sprintf("%d.jpg", i), content)
				p.URL = tt.url
				_, err := w.deliver(t.Context(), p, content)
				if got := meaning(err); got != tt.want || err != nil && !strings.Contains(err.Error(), tt.says) {
					t.Fatalf("got %s (%v), want %s that says %q", got, err, tt.want, tt.says)
				}
				if err == nil && !strings.Contains(w.sim.Orders()[i].ImageURL, tt.imageURL) {
					t.Errorf("ordered by %s, want %s", w.sim.Orders()[i].ImageURL, tt.imageURL)
				}
			}
			if n := w.sim.Requests("presign"); n != tt.presigns {
				t.Errorf("storage was asked for %d times, want %d", n, tt.presigns)
			}
		})
	}
}

func TestALackIsRememberedForSomeHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{Options: pixelzsim.Options{NoPresign: true}})
		ask := func(want int) {
			t.Helper()
			w.account = w.newAccount() // a restart forgets nothing
			w.deliver(t.Context(), photo("a.jpg", []byte("a")), []byte("a"))
			if n := w.sim.Requests("presign"); n != want {
				t.Errorf("asked %d times, want %d", n, want)
			}
		}
		ask(1)
		time.Sleep(lackFor - time.Minute)
		ask(1)
		time.Sleep(2 * time.Minute)
		ask(2)
	})
}

// Right before it orders, Deliver looks whether somebody has.
func TestOrderedInTheMeantime(t *testing.T) {
	w := newWorld(t, how{})
	content := []byte("a picture")
	p := photo("a.jpg", content)
	first, err := w.deliver(t.Context(), p, content)
	if err != nil {
		t.Fatal(err)
	}
	for _, p.Published = range []bool{true, false} {
		receipt, err := w.Deliver(t.Context(), p, opener(content), func() error { t.Error("publish was called"); return nil })
		if err != nil || receipt != first {
			t.Errorf("got %+v, %v; want %+v", receipt, err, first)
		}
		w.faults.Then("lookup", faults.Fault{Status: 403})
		if _, err := w.deliver(t.Context(), p, content); meaning(err) != "later" {
			t.Errorf("it could not look and gave %v", err)
		}
	}
	if n := len(w.sim.Orders()); n != 1 {
		t.Errorf("%d orders", n)
	}
}

func TestTheRateIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{rate: 1})
		done := make(chan error, 6)
		for i := range cap(done) {
			go func() {
				content := []byte(fmt.Sprint("picture ", i))
				_, err := w.deliver(t.Context(), photo(fmt.Sprintf("%d.jpg", i), content), content)
				done <- err
			}()
		}
		for range cap(done) {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		w.pending()
		if w.sim.Busiest() != 1 || len(w.sim.Orders()) != 6 {
			t.Errorf("%d calls in the busiest second, %d orders; want 1 and 6", w.sim.Busiest(), len(w.sim.Orders()))
		}
	})
}
