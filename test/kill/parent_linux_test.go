package kill_test

import "syscall"

// endWithParent has the kernel end a process when the test dies without doing
// so.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
