//go:build linux

// Command bench measures the real program from outside, beside a plain peer
// where there is one, and prints rows for bench/RESULTS.md:
//
//	go run ./bench latency   50 pictures dropped one by one: from close to delivered
//	go run ./bench idle      processor time at rest with 100,000 watched files
//	go run ./bench memory    1,000,000 known files, a restart and a rescan
//	go run ./bench upload    one 10 GB video to a simulated Grand Shooting
//	go run -tags integration ./bench transfer [-short] [sftp|ftp] [a|b|c|d]
//	                         data sets to OpenSSH and vsftpd, beside rclone, lftp and
//	                         OpenSSH's sftp (integration/servers and bench/tools fetch
//	                         all of them); it needs root
//
// Times on shared machines are noisy: compare the rows of one run.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	benches := map[string]func(dir string) error{"latency": latency, "idle": idle, "memory": memory, "upload": upload}
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "say which: latency, idle, memory, upload, transfer")
		os.Exit(2)
	}
	names := os.Args[1:]
	if names[0] == "transfer" {
		words := names[1:]
		benches["transfer"] = func(dir string) error { return transfer(dir, words) }
		names = names[:1]
	}
	for _, name := range names {
		run, ok := benches[name]
		if !ok {
			fmt.Fprintf(os.Stderr, "there is no bench %q\n", name)
			os.Exit(2)
		}
		if err := inFolder(run); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			os.Exit(1)
		}
	}
}

// inFolder runs a bench in a folder of its own on the disk of the current one.
func inFolder(run func(dir string) error) error {
	base := os.Getenv("BENCH_DIR") // on the disk to measure; default: the system's temporary folder
	dir, err := os.MkdirTemp(base, "studio-agent-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	return run(dir)
}
