package pixelzsim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Values of StatusId.
const (
	StatusNew       = 10
	StatusStarted   = 60
	StatusChecking  = 70
	StatusDelivered = 80
	StatusFailed    = 90
)

// An Order is one picture that was ordered, and is paid.
type Order struct {
	Ticket, CustomerImageID             string
	Template, ImageURL, Folder, Comment string
	Deadline, CallbackURL               string // as sent; empty if not sent
	Name                                string // last part of ImageURL
	At                                  time.Time
	Status                              int
	StatusName                          string
	Reason                              string // why it failed
	Size                                int64  // of the photo, -1 if it could not be fetched
	SHA256                              string
	Version                             int // of what was delivered, 0 for nothing
	Rejections                          []Rejection
	Deleted                             bool
}

// A Rejection is one time that it was sent back.
type Rejection struct{ Comment, Markup string }

type order struct {
	Order
	serial   int
	original []byte            // nil if it could not be fetched
	finals   map[string][]byte // by path
	paths    []string          // of the last delivery, escaped
	begun    time.Time         // when the present round began
}

// place: "one image; imageURL required". A repeated customerImageId is a second
// order.
func (s *Sim) place(r *http.Request, in map[string]any, e *Event) (map[string]any, error) {
	o := &order{finals: map[string][]byte{}}
	o.Order = Order{
		CustomerImageID: text(in, "customerImageId"), Template: text(in, "templateId"), ImageURL: text(in, "imageURL"),
		Folder: text(in, "customerFolder"), Comment: text(in, "comment"), Deadline: text(in, "imageDeadlineDateTimeUTC"),
		CallbackURL: text(in, "imageCallbackURL"), Status: StatusNew, StatusName: "New", Size: -1, At: time.Now(),
	}
	u, err := url.Parse(o.ImageURL)
	if err != nil || u.Host == "" {
		return nil, failure{"InvalidParameter", "imageURL is missing or is no URL"}
	}
	o.Name = u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	if !slices.ContainsFunc(s.opt.Templates, func(t Template) bool { return strconv.Itoa(t.ID) == o.Template && !t.Deleted }) {
		return nil, failure{"TemplateNotFound", "The template does not exist"}
	}
	if o.Deadline != "" {
		at, err := time.Parse("2006-01-02 15:04:05", o.Deadline)
		if err != nil || time.Until(at) < 24*time.Hour {
			return nil, failure{"InvalidParameter", "imageDeadlineDateTimeUTC must be at least 24 hours ahead"}
		}
	}
	if content, err := s.photo(r, o.ImageURL); err == nil {
		o.original, o.Size, o.SHA256 = content, int64(len(content)), digest(string(content))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(o)
	e.Order = o.Order
	return map[string]any{"ImageTicket": o.Ticket}, nil
}

func (s *Sim) add(o *order) {
	o.serial = len(s.orders) + 1
	sum := digest("ticket " + strconv.Itoa(o.serial))
	o.Ticket = sum[:8] + "-" + sum[8:12] + "-4" + sum[13:16] + "-a" + sum[17:20] + "-" + sum[20:32]
	o.begun = o.At
	s.orders = append(s.orders, o)
}

// find returns an order that was not deleted. The caller holds mu.
func (s *Sim) find(ticket string) *order {
	for _, o := range s.orders {
		if strings.EqualFold(o.Ticket, ticket) && !o.Deleted {
			return o
		}
	}
	return nil
}

var errNoImage = failure{"ImageNotFound", "The image does not exist"}

// row is an order as the API tells it (SOAP sample of GetImageStatus; ErrorMessage
// is unverified). The caller holds mu.
func (s *Sim) row(o *order) map[string]any {
	finals := []string{}
	for _, path := range o.paths {
		if o.Status == StatusDelivered {
			finals = append(finals, s.home+path)
		}
	}
	row := map[string]any{
		"ImageTicket": o.Ticket, "CustomerImageId": o.CustomerImageID, "ProductId": nil,
		"StatusName": o.StatusName, "StatusId": o.Status, "IsPaid": true, "ThumbnailImageURL": "", "FinalImagesURL": finals,
	}
	if o.Reason != "" {
		row["ErrorMessage"] = o.Reason
	}
	return row
}

func (s *Sim) image(r *http.Request, _ map[string]any, _ *Event) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.find(r.PathValue("ticket")); o != nil {
		return s.row(o), nil
	}
	return nil, errNoImage
}

func (s *Sim) lookUp(r *http.Request, _ map[string]any, _ *Event) (map[string]any, error) {
	id := r.URL.Query().Get("customerImageId")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		if o.CustomerImageID == id && id != "" && !o.Deleted {
			return s.row(o), nil
		}
	}
	return nil, errNoImage
}

// images: "filters …; page, imagesPerPage up to 100; sortBy".
func (s *Sim) images(r *http.Request, _ map[string]any, _ *Event) (map[string]any, error) {
	q := r.URL.Query()
	page, _ := strconv.Atoi(q.Get("page"))
	size, _ := strconv.Atoi(q.Get("imagesPerPage"))
	if size == 0 {
		size = 10
	}
	page, size = max(page, 1), min(size, s.opt.PerPage)
	from, _ := time.Parse(time.DateOnly, q.Get("fromDate")) // the zero time: all
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := []map[string]any{}
	for _, o := range s.orders {
		if wanted := q.Get("imageStatus"); !o.Deleted && !o.At.Before(from) && (wanted == "" || wanted == strconv.Itoa(o.Status)) {
			rows = append(rows, s.row(o))
		}
	}
	if q.Get("isDescending") == "true" {
		slices.Reverse(rows)
	}
	first := min((page-1)*size, len(rows))
	return map[string]any{"Images": rows[first:min(first+size, len(rows))]}, nil
}

// reject: "only at 80; free; status resets".
func (s *Sim) reject(r *http.Request, in map[string]any, _ *Event) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(r.PathValue("ticket"))
	switch {
	case o == nil:
		return nil, errNoImage
	case o.Status != StatusDelivered:
		return nil, failure{"InvalidStatus", "Only delivered images can be rejected"}
	case text(in, "comment") == "":
		return nil, failure{"InvalidParameter", "comment is missing"}
	case time.Since(o.At) > 30*24*time.Hour:
		return nil, failure{"InvalidStatus", "The image is older than 30 days"}
	}
	o.Rejections = append(o.Rejections, Rejection{text(in, "comment"), text(in, "markupImageUrl")})
	if !s.opt.LazyReject {
		o.begin()
	}
	return map[string]any{"ImageTicket": o.Ticket}, nil
}

func (o *order) begin() {
	o.Status, o.StatusName, o.Reason, o.begun = StatusStarted, "In production", "", time.Now()
}

// delete: "only before production (status < 60)".
func (s *Sim) delete(r *http.Request, _ map[string]any, _ *Event) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(r.PathValue("ticket"))
	switch {
	case o == nil:
		return nil, errNoImage
	case o.Status >= StatusStarted:
		return nil, failure{"InvalidStatus", "Image in production"}
	}
	o.Deleted = true
	return map[string]any{"ImageTicket": o.Ticket}, nil
}

func (s *Sim) contact(*http.Request, map[string]any, *Event) (map[string]any, error) {
	return map[string]any{"ContactEmail": s.opt.Email, "ContactAccountBalance": 120.5, "Currency": "EUR"}, nil
}

func (s *Sim) templates(*http.Request, map[string]any, *Event) (map[string]any, error) {
	rows := []map[string]any{}
	for _, t := range s.opt.Templates {
		rows = append(rows, map[string]any{"TemplateId": t.ID, "TemplateName": t.Name, "IsDeleted": t.Deleted})
	}
	return map[string]any{"Templates": rows}, nil
}
