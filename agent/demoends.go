package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

func (d *demo) prologue() {
	if d.config == "" {
		d.line.print("%s", d.told().prologue)
	} else {
		d.line.print("A rehearsal of %s: all folders, ledger and log are temporary, accounts are simulated.\n", d.config)
	}
	if d.chaos {
		d.line.print("Chaos, seed %d: the same seed plans the same trouble.\n", d.seed)
	}
	d.line.print("All of it happens in %s\n\n", d.dir)
}

// epilogue prints the proof and ends the demo with it.
func (d *demo) epilogue(ctx context.Context, late bool) error {
	p, err := d.judge(ctx)
	if err != nil {
		return err
	}
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	p.print(d.line.out)
	if late {
		fmt.Fprintf(d.line.out, "%s The time was over: %v.\n", signNeeds, errDemoLate)
	}
	if late || !p.ok() {
		return errSaid
	}
	return nil
}

// encore leaves the stage to people, until ctx ends.
func (d *demo) encore(ctx context.Context) error {
	if err := d.epilogue(ctx, false); err != nil {
		return err
	}
	program := d.exe
	if strings.Contains(program, "go-build") {
		program = "go run ./agent"
	}
	d.line.print("\nIt goes on until Ctrl-C.\n")
	d.showPage()
	if tell := d.told().encore; tell != nil {
		tell(d)
	} else {
		d.line.print("\nDrop pictures of your own into\n")
		for _, f := range d.cfg.HotFolders() {
			d.line.print("  %s\n", f.Path)
		}
	}
	d.line.print("\nAsk, in another window:\n")
	commands := d.told().commands
	if commands == nil {
		commands = []string{"status --watch", "task list", "why FILE", "reconcile"}
	}
	for _, command := range commands {
		d.line.print("  %s %s --config %s\n", program, command, d.cfg.File)
	}
	if slices.Contains(commands, "reconcile") {
		d.line.print("reconcile asks the platform itself and needs the demo's token: %s\n", tokenCommand())
	}
	d.line.print("\n")
	return d.company(ctx)
}

// showPage says where the page is, and what a person can do there.
func (d *demo) showPage() {
	home := d.page.Load()
	if home == nil {
		return
	}
	d.line.print("\n  The page: %s\n", *home)
	for _, b := range d.cfg.Benches {
		if b.Captures == nil || b.Imports == nil || b.Imports.Import != "ask" {
			continue
		}
		account := b.Imports.From[0]
		d.line.print(`
Order retouching as in ProStudio:
  1. %[1]s/tasks/new?bench=%[2]s
  2. Select the images you want to send, 3. External retouch: integration %[3]s, 4. template "%[4]s", Save.
  5. Open the task by its title, and watch its pictures under At retouch, Ready to import, Imported. An order takes %[5]s;
     each fifth one fails, shows why, and can be ordered again.
  6. Select what is ready and import it, or import all. It lands in
     %[6]s
`, *home, b.Name, account, managerTemplate, short(pixelzTakesTime), b.Imports.Path)
	}
}

func tokenCommand() string {
	if runtime.GOOS == "windows" {
		return fmt.Sprintf(`$env:%s = "%s"`, demoVariable, demoToken)
	}
	return fmt.Sprintf("export %s=%s", demoVariable, demoToken)
}
