package phone

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Tap presses the n-th button, counted from 0, of a push, as its owner would:
// an http action is performed, a view action is opened. It returns what came
// back, which is also kept with the push, and fails when there is no such
// button.
func (s *Server) Tap(ctx context.Context, id string, n int) (Tap, error) {
	p, err := s.page(id)
	if err != nil {
		return Tap{}, err
	}
	if n < 0 || n >= len(p.Actions) {
		return Tap{}, fmt.Errorf("push %s has %d buttons, there is no number %d", id, len(p.Actions), n)
	}
	tap := s.perform(ctx, p.Actions[n])
	return tap, s.kept.Change(func(st *state) {
		for i := range st.Pages {
			if st.Pages[i].ID == id {
				st.Pages[i].Taps = append(st.Pages[i].Taps, tap)
			}
		}
	})
}

func (s *Server) perform(ctx context.Context, a Action) Tap {
	tap := Tap{Label: a.Label, At: time.Now()}
	method := http.MethodGet
	if a.Action == "http" {
		method = cmp.Or(a.Method, http.MethodPost)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.URL, strings.NewReader(a.Body))
	if err != nil {
		tap.Error = err.Error()
		return tap
	}
	for name, value := range a.Headers {
		req.Header.Set(name, value)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		tap.Error = err.Error()
		return tap
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody))
	_ = resp.Body.Close()
	tap.Status = resp.StatusCode
	return tap
}
