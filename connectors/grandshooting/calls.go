package grandshooting

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/studio-agent/studio-agent/connectors/rest"
)

// A Call is one documented endpoint, for people: studio-agent gs NAME key=value.
type Call struct {
	Name, Doc    string
	Method, Path string // Path has {placeholders}
	Params       []Param

	key    string // of the rows, if the reply comes in pages
	list   bool   // the body is a list, which key=value cannot say
	raw    bool   // the reply is a file
	before func(ctx context.Context, c *Client, args map[string]string) error
	do     func(ctx context.Context, c *Client, call Call, args map[string]string, out io.Writer) error
}

// A Param is one key of a Call.
type Param struct {
	Name     string
	In       string // path, query, header, body, form, file, or client: for this program only
	Type     string // string, number, bool or json
	Required bool
	Doc      string

	check func(value string) error
}

// Call makes the named call and writes what the platform answered to out, as
// JSON: text that is none becomes a JSON string, nothing becomes null. The
// reply of picture-download is written as it comes. body, if not nil, goes
// instead of the parameters of the body.
//
// Wrong arguments are plain errors, found before anything is sent; the rest is
// as package rest says.
func (c *Client) Call(ctx context.Context, name string, args map[string]string, body json.RawMessage, out io.Writer) error {
	calls := Calls()
	i := slices.IndexFunc(calls, func(call Call) bool { return call.Name == name })
	if i < 0 {
		var names []string
		for _, call := range calls {
			names = append(names, call.Name)
		}
		return fmt.Errorf("there is no call %q; there are %s", name, strings.Join(names, ", "))
	}
	call := calls[i]
	if err := call.check(args, body); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if call.before != nil {
		if err := call.before(ctx, c, withBody(args, body)); err != nil {
			return err
		}
	}
	switch {
	case call.do != nil:
		return call.do(ctx, c, call, args, out)
	case args["all"] == "true":
		return c.callAll(ctx, call, args, out)
	}
	r, err := call.request(args, body)
	if err != nil {
		return err
	}
	if call.raw {
		return c.rest.Stream(ctx, r, out)
	}
	reply, err := c.rest.Do(ctx, r)
	if err != nil {
		return err
	}
	return writeJSON(out, reply.Body)
}

// callAll joins the pages of a list.
func (c *Client) callAll(ctx context.Context, call Call, args map[string]string, out io.Writer) error {
	r, err := call.request(args, nil)
	if err != nil {
		return err
	}
	separator := "["
	err = c.pages(ctx, listing{path: r.Path, key: call.key, query: r.Query}, func(rows []json.RawMessage) error {
		for _, row := range rows {
			if _, err := fmt.Fprintf(out, "%s\n%s", separator, row); err != nil {
				return err
			}
			separator = ","
		}
		return nil
	})
	if err != nil {
		return err
	}
	if separator == "[" {
		_, err = io.WriteString(out, "[]\n")
	} else {
		_, err = io.WriteString(out, "\n]\n")
	}
	return err
}

// check says what is wrong with the arguments.
func (call Call) check(args map[string]string, body json.RawMessage) error {
	for _, name := range slices.Sorted(maps.Keys(args)) {
		i := slices.IndexFunc(call.Params, func(p Param) bool { return p.Name == name })
		if i < 0 {
			var known []string
			for _, p := range call.Params {
				known = append(known, p.Name)
			}
			return fmt.Errorf("it takes no %q, only: %s", name, strings.Join(known, ", "))
		}
		p := call.Params[i]
		if body != nil && p.In == "body" {
			return fmt.Errorf("%s and a whole body cannot go together", name)
		}
		if err := p.checkValue(args[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, p := range call.Params {
		if _, given := args[p.Name]; p.Required && !given && !(p.In == "body" && body != nil) {
			return fmt.Errorf("%s is missing", p.Name)
		}
	}
	return call.checkBody(body)
}

func (call Call) checkBody(body json.RawMessage) error {
	var fields map[string]json.RawMessage
	switch {
	case body == nil && call.list:
		return fmt.Errorf("it needs a JSON body, a list")
	case body == nil:
		return nil
	case !json.Valid(body):
		return fmt.Errorf("the body is not JSON")
	case json.Unmarshal(body, &fields) != nil:
		return nil // a list
	}
	for _, p := range call.Params {
		raw, given := fields[p.Name]
		if p.In != "body" || p.check == nil || !given {
			continue
		}
		plain, err := scalar(raw)
		if err == nil {
			err = p.check(plain)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return nil
}

func (p Param) checkValue(v string) error {
	if p.check != nil {
		return p.check(v)
	}
	switch p.Type {
	case "number":
		if _, err := strconv.ParseFloat(v, 64); err != nil {
			return fmt.Errorf("%q is no number", v)
		}
	case "bool":
		if v != "true" && v != "false" {
			return fmt.Errorf("%q is neither true nor false", v)
		}
	case "json":
		if !json.Valid([]byte(v)) {
			return fmt.Errorf("%q is not JSON", v)
		}
	}
	return nil
}

// withBody adds the plain fields of a whole body to args, for checks.
func withBody(args map[string]string, body json.RawMessage) map[string]string {
	all := maps.Clone(args)
	var fields map[string]json.RawMessage
	if all == nil || json.Unmarshal(body, &fields) != nil {
		return all
	}
	for name, raw := range fields {
		if plain, err := scalar(raw); err == nil {
			all[name] = plain
		}
	}
	return all
}

// request builds the exchange.
func (call Call) request(args map[string]string, body json.RawMessage) (rest.Request, error) {
	r := rest.Request{Method: call.Method, Path: call.Path, Query: url.Values{}, Header: http.Header{}}
	fields := map[string]json.RawMessage{}
	for _, p := range call.Params {
		v, given := args[p.Name]
		if !given {
			continue
		}
		switch p.In {
		case "path":
			r.Path = strings.ReplaceAll(r.Path, "{"+p.Name+"}", url.PathEscape(v))
		case "query":
			r.Query.Set(p.Name, v)
		case "header":
			r.Header.Set(p.Name, v)
		case "body":
			fields[p.Name] = asJSON(p, v)
		}
	}
	switch {
	case body != nil:
		return r.JSON(body)
	case call.Method == http.MethodPost || call.Method == http.MethodPut:
		return r.JSON(fields)
	}
	return r, nil
}

func asJSON(p Param, v string) json.RawMessage {
	if p.Type == "string" {
		raw, _ := json.Marshal(v) // a string always can
		return raw
	}
	return json.RawMessage(v)
}

func writeJSON(out io.Writer, reply []byte) error {
	reply = []byte(strings.TrimSpace(string(reply)))
	switch {
	case len(reply) == 0:
		reply = []byte("null")
	case !json.Valid(reply):
		raw, err := json.Marshal(string(reply))
		if err != nil {
			return err
		}
		reply = raw
	}
	_, err := fmt.Fprintf(out, "%s\n", reply)
	return err
}
