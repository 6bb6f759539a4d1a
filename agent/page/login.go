package page

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// A Login is what people and machines say to see the page. Either may be empty.
type Login struct {
	Password string // people write it into the form; machines send it with Basic, under any name
	Token    string // machines send it: Authorization: Bearer TOKEN; the form takes it, too
}

func (l Login) wanted() bool { return l.Password != "" || l.Token != "" }

// fits compares in constant time: how long it takes tells nothing about the
// secret.
func (l Login) fits(said string, secrets ...string) bool {
	fits := 0
	for _, secret := range secrets {
		a, b := sha256.Sum256([]byte(said)), sha256.Sum256([]byte(secret))
		if secret != "" {
			fits |= subtle.ConstantTimeCompare(a[:], b[:])
		}
	}
	return fits == 1
}

// open are the addresses that need no login: those that lead to it, and the one
// that says little.
func open(path string) bool {
	return path == "/login" || path == "/healthz" || strings.HasPrefix(path, "/static/")
}

// loggedIn lets through who has logged in, and everybody where there is no login.
func (s *Server) loggedIn(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case open(r.URL.Path) || s.knows(r):
			pages.ServeHTTP(w, r)
		case r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html"):
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="studio-agent"`)
			http.Error(w, "log in first", http.StatusUnauthorized)
		}
	})
}

// knows reports whether who asks has logged in, or need not.
func (s *Server) knows(r *http.Request) bool {
	if !s.Login.wanted() {
		return true
	}
	if c, err := r.Cookie(cookieName); err == nil && s.sessions.holds(c.Value, time.Now()) {
		return true
	}
	right := false
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		right = s.Login.fits(token, s.Login.Token)
	} else if _, password, ok := r.BasicAuth(); ok {
		right = s.Login.fits(password, s.Login.Password)
	} else {
		return false
	}
	wait := s.sessions.try(from(r), right, time.Now())
	return right && wait == 0
}

// from is the address that a request comes from, without its port; of IPv6 the
// network, for that is what one machine has.
func from(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip := at.Addr().Unmap()
	if ip.Is6() {
		if net, err := ip.Prefix(64); err == nil {
			return net.String()
		}
	}
	return ip.String()
}

// A loginScreen is what login.html shows.
type loginScreen struct {
	Name  string
	Wrong bool          // the password
	Wait  time.Duration // before the next try
}

// loginPages are the form, and what takes it.
func (s *Server) loginPages() (form, take http.HandlerFunc) {
	t := parse("login")
	show := func(w http.ResponseWriter, status int, screen loginScreen) {
		screen.Name = s.Config().Name
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		if err := t.ExecuteTemplate(w, "login.html", screen); err != nil {
			s.Log.Warn("The login could not be shown", "error", err)
		}
	}
	form = func(w http.ResponseWriter, _ *http.Request) { show(w, http.StatusOK, loginScreen{}) }
	take = func(w http.ResponseWriter, r *http.Request) {
		switch screen := s.login(w, r); {
		case screen.Wait > 0:
			w.Header().Set("Retry-After", fmt.Sprint(int(screen.Wait.Seconds())+1))
			show(w, http.StatusTooManyRequests, screen)
		case screen.Wrong:
			show(w, http.StatusForbidden, screen)
		default:
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}
	}
	return form, take
}

// login begins a session if the form says the password.
func (s *Server) login(w http.ResponseWriter, r *http.Request) loginScreen {
	now := time.Now()
	http.NewResponseController(w).SetReadDeadline(now.Add(askWithin)) // where it cannot be set, the size bounds it
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	right := s.Login.fits(r.PostFormValue("password"), s.Login.Password, s.Login.Token)
	if wait := s.sessions.try(from(r), right, now); wait > 0 {
		return loginScreen{Wait: wait}
	}
	if !right {
		s.Log.Warn("A wrong password was given on the page", "from", from(r))
		return loginScreen{Wrong: true}
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: s.sessions.begin(now), Path: "/", MaxAge: int(sessionLasts.Seconds()),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
	return loginScreen{}
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		s.sessions.end(c.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
