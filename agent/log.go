package main

import (
	"fmt"
	"io"
	"log/slog"

	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/studio-agent/studio-agent/agent/config"
)

// newLogger makes the program's one logger, to cfg.File with rotation or, if that
// is empty, to console. level is set to cfg.Level and may be changed while the
// logger is in use. Nothing that secrets has resolved, before or later, gets out.
// The closer closes the file; console stays open.
func newLogger(cfg config.Log, secrets *config.Secrets, console io.Writer, level *slog.LevelVar) (*slog.Logger, io.Closer, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(cfg.Level)); err != nil {
		return nil, nil, fmt.Errorf("log level %q is none of debug, info, warn, error", cfg.Level)
	}
	level.Set(least)
	out, closer := console, io.Closer(io.NopCloser(nil))
	if cfg.File != "" {
		file := &lumberjack.Logger{Filename: cfg.File, MaxSize: cfg.MaxMB, MaxBackups: cfg.Keep, LocalTime: true}
		if _, err := file.Write(nil); err != nil { // opens it: later errors are lost in slog
			return nil, nil, fmt.Errorf("the log cannot be written, give log.file another place: %w", err)
		}
		out, closer = file, file
	}
	out = redactor{out, secrets}
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewTextHandler(out, options)
	if cfg.Format == "json" {
		handler = slog.NewJSONHandler(out, options)
	}
	return slog.New(handler), closer, nil
}

// redactor keeps secrets out of finished log lines: there, every kind of value
// (errors, Stringers, groups, structs) has become text. slog writes each record
// in one piece.
type redactor struct {
	out     io.Writer
	secrets *config.Secrets
}

func (r redactor) Write(line []byte) (int, error) {
	if _, err := io.WriteString(r.out, r.secrets.Redact(string(line))); err != nil {
		return 0, err
	}
	return len(line), nil
}
