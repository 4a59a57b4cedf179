package postgres

import "syscall"

// endWithParent has the kernel stop the server when the test binary that
// started it dies without stopping it.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }
