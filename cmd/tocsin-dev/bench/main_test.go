package bench_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/bench"
)

// The bench starts the program that runs as its parts; here that is the tests.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == bench.PartCommand {
		if err := bench.ServePart(context.Background(), os.Stdin, os.Stdout, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}
