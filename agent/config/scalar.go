package config

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// setDefaults fills what is zero in v, and in the structs inside of it, from the
// default tags. A bad default is a mistake in the program.
func setDefaults(v reflect.Value) {
	if v.Kind() != reflect.Struct || v.Type() == reflect.TypeFor[yaml.Node]() {
		return
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		if text := f.Tag.Get("default"); text != "" && v.Field(i).IsZero() {
			if err := set(v.Field(i), text); err != nil {
				panic(fmt.Sprintf("config: default of %s: %v", f.Name, err))
			}
		}
		setDefaults(v.Field(i))
	}
}

func (d *decoder) scalar(n *yaml.Node, field string, v reflect.Value, tag reflect.StructTag) {
	if n.Kind != yaml.ScalarNode {
		d.add(n.Line, field, "must be a single value, not "+kindName(n), "")
		return
	}
	if err := set(v, n.Value); err != nil {
		d.add(n.Line, field, err.Error(), "")
		return
	}
	if words := tag.Get("oneof"); words != "" {
		known := strings.Split(words, "|")
		if !slices.Contains(known, n.Value) {
			d.add(n.Line, field, fmt.Sprintf("%q is no choice here", n.Value), didYouMean(n.Value, known))
		}
	}
	if low, high, limited := strings.Cut(tag.Get("range"), ".."); limited && !(within(v, low, false) && within(v, high, true)) {
		d.add(n.Line, field, fmt.Sprintf("%s is out of range", n.Value), fmt.Sprintf("it must be from %s to %s", low, high))
	}
}

// within reports whether v is at most (or at least) limit.
func within(v reflect.Value, limit string, most bool) bool {
	l := reflect.New(v.Type()).Elem()
	if err := set(l, limit); err != nil {
		panic(fmt.Sprintf("config: range limit %q: %v", limit, err))
	}
	if !most {
		v, l = l, v
	}
	if v.Kind() == reflect.Float64 {
		return v.Float() <= l.Float()
	}
	return v.Int() <= l.Int()
}

// set parses text into v. The error is a sentence that goes behind a field's name.
func set(v reflect.Value, text string) error {
	if t, ok := asText(v); ok {
		return t.UnmarshalText([]byte(text))
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		duration, err := parseDuration(text)
		v.SetInt(int64(duration))
		return err
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(text == "true")
	case reflect.Int, reflect.Int64:
		number, err := parseInt(text)
		v.SetInt(number)
		return err
	case reflect.Float64:
		number, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
			return fmt.Errorf("%q is not a number", text)
		}
		v.SetFloat(number)
	default:
		panic(fmt.Sprintf("config: cannot read a %s", v.Type()))
	}
	return nil
}

func asText(v reflect.Value) (encoding.TextUnmarshaler, bool) {
	if !v.CanAddr() {
		return nil, false
	}
	t, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	return t, ok
}

// parseInt refuses a leading zero, since YAML 1.1 takes 010 for eight.
func parseInt(text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 0)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	if digits := strings.TrimLeft(text, "+-"); len(digits) > 1 && digits[0] == '0' {
		return 0, fmt.Errorf("%q begins with 0, which programs read differently; write %d", text, number)
	}
	return number, nil
}

func parseDuration(text string) (time.Duration, error) {
	duration, err := time.ParseDuration(text)
	if err == nil {
		return duration, nil
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return 0, fmt.Errorf("%q has no unit; write %ss", text, text)
	}
	return 0, fmt.Errorf("%q is not a duration; write one like 250ms, 3s, 5m or 1h", text)
}
