package preview

import (
	"os"
	"strconv"
	"syscall"
)

// background is what a child needs from its start: nothing here.
func background() *syscall.SysProcAttr { return nil }

// confine bounds this process. Each step makes it safer and none is needed, so
// errors do not matter. The bound is on data, not on addresses, of which the
// runtime reserves far more than it uses. On Linux each thread has its own
// priority, inherited from the thread that starts it.
func confine() {
	const niceness = 15
	syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: hardMemory, Max: hardMemory})
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // if memory runs short, this process goes first
	threads, _ := os.ReadDir("/proc/self/task")
	for _, t := range threads {
		if id, err := strconv.Atoi(t.Name()); err == nil {
			syscall.Setpriority(syscall.PRIO_PROCESS, id, niceness)
		}
	}
}
