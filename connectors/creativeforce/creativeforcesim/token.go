package creativeforcesim

import (
	"net/http"
	"strings"
	"time"
)

// token is the Client Credentials Flow.
func (s *Sim) token(_ http.ResponseWriter, r *http.Request, _ *Event) (any, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return nil, refuse(http.StatusUnsupportedMediaType, "form expected")
	}
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	if r.PostForm.Get("grant_type") != "client_credentials" || r.PostForm.Get("scope") != "cfgateway" {
		return nil, refusal{http.StatusBadRequest, map[string]any{"error": "invalid_grant_type"}}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.PostForm.Get("client_id") != s.opt.ClientID || r.PostForm.Get("client_secret") != s.opt.ClientSecret || s.revoked {
		s.revoked = false
		return nil, refusal{http.StatusBadRequest, map[string]any{"error": "invalid_client"}}
	}
	token := "token-" + guid() + guid()
	s.tokens[token] = time.Now().Add(s.opt.TokenLife)
	return map[string]any{
		"access_token": token, "expires_in": int(s.opt.TokenLife / time.Second), "token_type": "Bearer", "scope": "cfgateway",
	}, nil
}

func (s *Sim) knows(authorization string) bool {
	token, _ := strings.CutPrefix(authorization, "Bearer ")
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.tokens[token])
}

// ExpireTokens ends the life of all tokens that were given out.
func (s *Sim) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Revoke ends the life of all tokens, and refuses the next login.
func (s *Sim) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
	s.revoked = true
}
