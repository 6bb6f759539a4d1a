package preview

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// background starts a child with low priority and no console.
func background() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.BELOW_NORMAL_PRIORITY_CLASS | windows.CREATE_NO_WINDOW}
}

// confine puts this process into a job with bounded memory. If that fails, only
// the bound on pixels is left.
func confine() {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{ProcessMemoryLimit: hardMemory}
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY | windows.JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits))); err != nil {
		return
	}
	windows.AssignProcessToJobObject(job, windows.CurrentProcess())
}
