//go:build unix && !linux

package postgres

import "syscall"

// endWithParent does nothing: only Linux ties a child's life to its parent's.
func endWithParent(*syscall.SysProcAttr) {}
