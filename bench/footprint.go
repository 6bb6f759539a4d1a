//go:build integration && linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// footprint samples, until ctx ends, the resident size of some processes and all
// that they started, and returns the highest sum, in MiB. Pages that processes
// share count for each.
func footprint(ctx context.Context, pids ...int) (peak float64) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		peak = max(peak, resident(pids))
		select {
		case <-ctx.Done():
			return peak
		case <-tick.C:
		}
	}
}

func resident(roots []int) float64 {
	children, pages := map[int][]int{}, map[int]int64{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		var pid int
		fmt.Sscan(string(text), &pid)
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // proc(5): from the third on
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], pid)
		pages[pid], _ = strconv.ParseInt(fields[21], 10, 64)
	}
	var sum int64
	for queue := roots; len(queue) > 0; queue = queue[1:] {
		sum += pages[queue[0]]
		queue = append(queue, children[queue[0]]...)
	}
	return float64(sum) * float64(os.Getpagesize()) / (1 << 20)
}
