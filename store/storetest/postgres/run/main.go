// Command run starts a throw-away PostgreSQL cluster, runs a command with the
// cluster's address in TOCSIN_TEST_POSTGRES, stops the cluster, and exits as
// the command did:
//
//	run -- go test ./...
//
// Without PostgreSQL on the machine it says so and runs the command anyway,
// unless TOCSIN_TEST_REQUIRE is "all". A server that TOCSIN_TEST_POSTGRES names
// already is used as it is.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/tocsinhq/tocsin/store/storetest/postgres"
)

const envRequire = "TOCSIN_TEST_REQUIRE"

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	code, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
	}
	os.Exit(code)
}

// run returns the command's exit code, or 1 with what went wrong around it.
func run(args []string) (int, error) {
	if len(args) == 0 {
		return 1, errors.New("say what to run, as in: run -- go test")
	}
	// From here on no signal ends us before the cluster is stopped.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	cluster, err := postgres.Start(context.Background())
	if errors.Is(err, postgres.ErrNoBinaries) && os.Getenv(envRequire) != "all" {
		warn(err)
		defer warn(err) // again, below what the command printed
		return command(args, os.Environ(), signals)
	}
	if err != nil {
		return 1, err
	}
	code, err := command(args, append(os.Environ(), postgres.EnvDSN+"="+cluster.DSN()), signals)
	if stopErr := cluster.Stop(); stopErr != nil {
		return 1, errors.Join(err, stopErr)
	}
	return code, err
}

// command runs args in a process group of its own and hands every signal to
// the whole group, because "go test" passes none on to the tests it runs.
func command(args, env []string, signals <-chan os.Signal) (int, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("start %s: %w", args[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			if number, ok := sig.(syscall.Signal); ok {
				_ = syscall.Kill(-cmd.Process.Pid, number) // an empty group needs no signal
			}
		case err := <-ended:
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what outlived the command
			return exitCode(err)
		}
	}
}

// exitCode is the command's, or 128 and the number of the signal that ended it,
// as a shell counts.
func exitCode(err error) (int, error) {
	if err == nil {
		return 0, nil
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return 1, err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}

func warn(err error) {
	const rule = "================================================================================"
	fmt.Fprintf(os.Stderr, "%s\nThe PostgreSQL half is NOT TESTED: %v.\n%s\n", rule, err, rule)
}
