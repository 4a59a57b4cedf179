package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

// call is one command at work: the server that it asks, and where it shows
// what it hears.
type call struct {
	*client.ClientWithResponses
	cmd     *cobra.Command
	session *session
	// sent is set once a command with the session's key was sent.
	sent bool
}

// key returns the Idempotency-Key to send a command with.
func (c *call) key() string {
	c.sent = true
	return cmp.Or(c.session.key, c.session.newKey)
}

// say prints one line of the answer.
func (c *call) say(format string, args ...any) {
	_, _ = fmt.Fprintln(c.cmd.OutOrStdout(), clean(fmt.Sprintf(format, args...)))
}

// tell prints one line beside the answer.
func (c *call) tell(format string, args ...any) {
	_, _ = fmt.Fprintln(c.cmd.ErrOrStderr(), clean(fmt.Sprintf(format, args...)))
}

// progress tells a person who watches that something takes its time.
func (c *call) progress(format string, args ...any) {
	if terminal(c.cmd.ErrOrStderr()) {
		c.tell(format, args...)
	}
}

// raw prints JSON as it came, on lines of its own.
func (c *call) raw(data []byte) {
	_, _ = fmt.Fprintln(c.cmd.OutOrStdout(), strings.TrimRight(string(data), "\n"))
}

// content reads the body of an answer to its end and closes it.
func content(r *http.Response, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return data, nil
}

// read decodes the content of an answer, and returns it also as it came.
func read[T any](data []byte, err error) (T, []byte, error) {
	var out T
	if err != nil {
		return out, nil, err
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return out, nil, fmt.Errorf("the answer cannot be understood: %w; is the server of the same release?", err)
	}
	return out, data, nil
}

// show returns a function that shows an answer: by render, or as JSON.
func show[T any](c *call, render func(T)) func([]byte, error) error {
	return func(data []byte, err error) error {
		answer, data, err := read[T](data, err)
		if err != nil {
			return err
		}
		if c.session.json {
			c.raw(data)
			return nil
		}
		render(answer)
		return nil
	}
}

// done returns a function that says what was done, of an answer that says
// nothing.
func (c *call) done(format string, args ...any) func([]byte, error) error {
	return func(_ []byte, err error) error {
		if err == nil {
			c.tell(format, args...)
		}
		return err
	}
}

// explain says what to do about an error, where more can be said than the
// server did.
func (c *call) explain(err error) error {
	problem, told := errors.AsType[*client.Problem](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w; is Tocsin running there? --url or TOCSIN_URL says where it is", err)
	case told && problem.Kind() == "unauthenticated":
		return fmt.Errorf("%w; set TOCSIN_TOKEN or --token-file, or with `make run` say --as NAME", err)
	case c.sent && told && problem.Kind() == "unavailable":
		return fmt.Errorf("%w, that is with --key %s", err, c.key())
	}
	return err
}

// agent names this program and its release to the server.
func agent() string {
	release := "devel"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		release = strings.Trim(info.Main.Version, "()")
	}
	return "tocsin-cli/" + release
}

// terminal says whether a person sits at a stream.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
