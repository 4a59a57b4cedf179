//go:build !linux

package kill_test

import "syscall"

func endWithParent(*syscall.SysProcAttr) {}
