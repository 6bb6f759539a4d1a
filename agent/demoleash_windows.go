package main

import (
	"io"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

func apart() *syscall.SysProcAttr { return nil }

// holdLeash ends process pid if this one dies, however it dies: Windows closes
// the job object, and all in it end.
func holdLeash(pid int) (io.Closer, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, err
	}
	var limits windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err == nil {
		err = assign(job, pid)
	}
	if err != nil {
		windows.CloseHandle(job)
		return nil, err
	}
	return leash(job), nil
}

func assign(job windows.Handle, pid int) error {
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid))
	if err != nil {
		return err
	}
	defer windows.CloseHandle(process)
	return windows.AssignProcessToJobObject(job, process)
}

type leash windows.Handle

// Close ends the process if it still runs.
func (l leash) Close() error { return windows.CloseHandle(windows.Handle(l)) }
