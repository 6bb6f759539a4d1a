package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/connectors/grandshooting"
)

// gsType is the account type that `gs` talks to.
const gsType = "grandshooting"

func (c *cli) gsCommand() *cobra.Command {
	var account, data, output string
	cmd := &cobra.Command{
		Use: "gs", Short: "Call the Grand Shooting API: one command for each documented endpoint, JSON out",
		Long: "Call the Grand Shooting API with the token and the rate limit of an account in agent.yaml.\n" +
			"One command for each documented endpoint; parameters are written key=value, the answer is JSON.",
		Example: "  studio-agent gs pictures bench_id=3 all=true\n  studio-agent gs picture-status picture_id=1023 picturestatus=30",
	}
	cmd.PersistentFlags().StringVar(&account, "account", "", "the `NAME` of the account; needed if agent.yaml has several of this type")
	cmd.PersistentFlags().StringVar(&data, "data", "", "a JSON `BODY` instead of key=value, or @FILE")
	cmd.PersistentFlags().StringVarP(&output, "output", "o", "", "write the answer to this `FILE`, which must not exist")
	for _, call := range grandshooting.Calls() {
		cmd.AddCommand(&cobra.Command{
			Use: call.Name + " [key=value]…", Short: call.Doc, Long: callHelp(call),
			ValidArgsFunction: func(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
				var keys []string
				for _, p := range call.Params {
					keys = append(keys, p.Name+"=")
				}
				return keys, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
			},
			RunE: func(cmd *cobra.Command, args []string) error {
				values, err := keyValues(args)
				if err != nil {
					return err
				}
				body, err := bodyOf(data)
				if err != nil {
					return err
				}
				client, err := c.gsClient(account)
				if err != nil {
					return err
				}
				out, done, err := outputOf(cmd.OutOrStdout(), output)
				if err != nil {
					return err
				}
				return done(client.Call(cmd.Context(), call.Name, values, body, out))
			},
		})
	}
	return cmd
}

func callHelp(call grandshooting.Call) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n\n%s %s\n", call.Doc, call.Method, call.Path)
	for _, p := range call.Params {
		need := ""
		if p.Required {
			need = ", required"
		}
		fmt.Fprintf(&b, "  %-22s %s, in the %s%s  %s\n", p.Name, p.Type, p.In, need, p.Doc)
	}
	return b.String()
}

func keyValues(args []string) (map[string]string, error) {
	values := map[string]string{}
	for _, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		if !ok {
			return nil, &usageError{fmt.Errorf("%q is not key=value", arg)}
		}
		values[key] = value
	}
	return values, nil
}

func bodyOf(data string) (json.RawMessage, error) {
	if data == "" {
		return nil, nil
	}
	if file, ok := strings.CutPrefix(data, "@"); ok {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the body: %w", err)
		}
		data = string(content)
	}
	if !json.Valid([]byte(data)) {
		return nil, &usageError{fmt.Errorf("--data is not JSON")}
	}
	return json.RawMessage(data), nil
}

// outputOf is where an answer goes; done closes it, and removes half a file.
func outputOf(console io.Writer, file string) (_ io.Writer, done func(error) error, _ error) {
	if file == "" {
		return console, func(err error) error { return err }, nil
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, nil, err
	}
	return f, func(err error) error {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			os.Remove(file)
		}
		return err
	}, nil
}

// gsClient makes a client for the named account, or for the only one.
func (c *cli) gsClient(name string) (*grandshooting.Client, error) {
	cfg, err := c.load()
	if err != nil {
		return nil, err
	}
	var fitting []string
	for _, n := range sortedKeys(cfg.Accounts) {
		if cfg.Accounts[n].Type == gsType && (name == "" || n == name) {
			fitting = append(fitting, n)
		}
	}
	if len(fitting) != 1 {
		return nil, &usageError{fmt.Errorf("say --account NAME: %s has %s of type %s %v", cfg.File, count(len(fitting), "account"), gsType, fitting)}
	}
	tools := c.tools(cfg, nil)
	return grandshooting.NewClient(tools.setup(cfg, cfg.Accounts[fitting[0]]))
}
