//go:build unix && !linux

package preview

import "syscall"

// background is what a child needs from its start: nothing here.
func background() *syscall.SysProcAttr { return nil }

// confine lowers the priority. These systems do not keep to a bound on memory.
func confine() {
	const niceness = 15
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness)
}
