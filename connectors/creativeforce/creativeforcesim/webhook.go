package creativeforcesim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// A webhook is one that is to be sent.
type webhook struct{ body []byte }

// announce puts a webhook into the outbox.
func (s *Sim) announce(action string, t *task) {
	payload := map[string]any{
		"Action": action, "PayloadId": guid(), "EventGroupName": "ExternalPostTask", "EventDatetimeUtc": time.Now().UnixMilli(),
		"TaskId": t.ID, "ClientId": clientID, "StepId": 7, "StepStatusId": 1, "ProductionTypeId": 1, "ContentCreationTypeId": 1,
	}
	if t.Editorial {
		payload["ContentCreationTypeId"], payload["EditorialProjectId"], payload["EditorialDeliverableId"] = 2, t.group, []string{t.one}
	} else {
		payload["JobId"], payload["ProductId"] = t.group, t.one
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return // of plain texts and numbers: never
	}
	s.outbox = append(s.outbox, webhook{body})
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

// Sign is the X-CF-Signature of a body.
func (s *Sim) Sign(body []byte) string {
	key, err := base64.StdEncoding.DecodeString(s.opt.WebhookSecret)
	if err != nil {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Announcements takes the bodies of all webhooks that were not sent yet.
func (s *Sim) Announcements() (bodies [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.outbox {
		bodies = append(bodies, w.body)
	}
	s.outbox = nil
	return bodies
}

// Announce sends webhooks to address, each once, the newest first, until ctx ends;
// it returns nil then. told, which may be nil, hears how each was answered; an
// error says that it could not be sent, and is not sent again: nobody may rely on
// webhooks.
func (s *Sim) Announce(ctx context.Context, address string, client *http.Client, told func(status int, err error)) error {
	for {
		bodies := s.Announcements()
		for i := range bodies {
			status, err := s.send(ctx, address, client, bodies[len(bodies)-1-i])
			if told != nil && ctx.Err() == nil {
				told(status, err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.bell:
		}
	}
}

func (s *Sim) send(ctx context.Context, address string, client *http.Client, body []byte) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CF-Signature", s.Sign(body))
	resp, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("webhook: %w", err)
	}
	resp.Body.Close()
	return resp.StatusCode, nil
}
