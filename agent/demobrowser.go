package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// browserWithin is how long the page may take: it waits for the agent, which may
// wait for a vendor.
const browserWithin = 15 * time.Second

// A browser is what a person has of the page: what it shows, and its forms.
type browser struct {
	address func() *string // of the page; nil while there is none
}

type fields = url.Values

var errNoPage = errors.New("there is no page now")

func (b browser) get(ctx context.Context, where string) (string, error) {
	return b.call(ctx, http.MethodGet, where, nil)
}

func (b browser) call(ctx context.Context, method, where string, form fields) (string, error) {
	home := b.address()
	if home == nil {
		return "", errNoPage
	}
	ctx, cancel := context.WithTimeout(ctx, browserWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, *home+where, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Accept", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", errNoPage
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return "", errNoPage // the agent was killed
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("the page says %s: %s", resp.Status, strings.TrimSpace(string(text)))
	}
	return string(text), nil
}

// ask fills in a form of the page, and returns what it says then; an error if it
// was not done, or if nobody knows.
func (b browser) ask(ctx context.Context, verb string, form fields) (string, error) {
	text, err := b.call(ctx, http.MethodPost, "/do/"+verb, form)
	if err != nil {
		return "", err
	}
	var answer struct {
		Said   string
		Failed bool
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return "", fmt.Errorf("the page's answer cannot be read: %w", err)
	}
	if answer.Failed {
		return "", errors.New(answer.Said)
	}
	return answer.Said, nil
}

var shownName = regexp.MustCompile(`<li [^>]*data-name="([^"]*)"`)

// names are those of the pictures that a page shows.
func (b browser) names(ctx context.Context, where string) (names []string, _ error) {
	text, err := b.get(ctx, where)
	for _, found := range shownName.FindAllStringSubmatch(text, -1) {
		names = append(names, html.UnescapeString(found[1]))
	}
	return names, err
}

var shownTask = regexp.MustCompile(`<a [^>]*href="(/tasks/[^"/?]+)">([^<]+)</a>`)

// task is the address of the task of that title; empty if the page shows none.
func (b browser) task(ctx context.Context, title string) (address string, _ error) {
	text, err := b.get(ctx, "/tasks")
	for _, found := range shownTask.FindAllStringSubmatch(text, -1) {
		if html.UnescapeString(found[2]) == title {
			return found[1], err
		}
	}
	return "", err
}

// A board is what the page of a task shows.
type board []boardPicture

type boardPicture struct{ group, name, reason string }

var shownPicture = regexp.MustCompile(`data-group="([a-z]+)"|<li [^>]*data-name="([^"]*)"|<p class="why">([^<]*)</p>`)

func (b browser) board(ctx context.Context, where string) (all board, _ error) {
	text, err := b.get(ctx, where)
	group := ""
	for _, found := range shownPicture.FindAllStringSubmatch(text, -1) {
		switch {
		case found[1] != "":
			group = found[1]
		case found[2] != "":
			all = append(all, boardPicture{group: group, name: html.UnescapeString(found[2])})
		case len(all) > 0:
			all[len(all)-1].reason = html.UnescapeString(found[3])
		}
	}
	return all, err
}

var shownRetouch = regexp.MustCompile(`name="retouch" form="send-back" value="([^"]+)"`)

// retouch is the ID of what has come back for a picture of a task; empty if the
// page shows nothing.
func (b browser) retouch(ctx context.Context, task, name string) (id string, _ error) {
	text, err := b.get(ctx, task+"/compare?"+url.Values{"name": {name}}.Encode())
	if found := shownRetouch.FindStringSubmatch(text); found != nil {
		id = html.UnescapeString(found[1])
	}
	return id, err
}

// only are the pictures of one group.
func (b board) only(group string) (some board) {
	for _, p := range b {
		if p.group == group {
			some = append(some, p)
		}
	}
	return some
}

// in are the names of a group.
func (b board) in(group string) (names []string) {
	for _, p := range b.only(group) {
		names = append(names, p.name)
	}
	return names
}

// all reports whether all of some names are in a group.
func (b board) all(names []string, group string) bool {
	there := b.in(group)
	return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(there, name) })
}
