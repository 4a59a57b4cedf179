package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"
)

const maxControlBody = 1 << 20

// Wrap returns next with the faults of op applied to it.
func (i *Injector) Wrap(op string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := i.Take(op)
		if f.Sleep(r.Context()) != nil {
			panic(http.ErrAbortHandler)
		}
		if !f.After && !f.Hold {
			f.spoil(w, func() { next.ServeHTTP(w, r) })
			return
		}
		answer := &recorder{header: http.Header{}}
		next.ServeHTTP(answer, r)
		if f.Wait(r.Context()) != nil {
			panic(http.ErrAbortHandler)
		}
		f.spoil(w, func() { answer.replay(w) })
	})
}

// spoil answers in place of the real answer when the fault says so.
func (f Fault) spoil(w http.ResponseWriter, answer func()) {
	switch {
	case f.Drop:
		// net/http closes the connection on this panic and logs nothing.
		panic(http.ErrAbortHandler)
	case f.Status != 0:
		f.writeAnswer(w)
	default:
		answer()
	}
}

// recorder keeps the answer back until the fault has decided what becomes of it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is that of the answer kept back.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader keeps the first status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write keeps a piece of the body.
func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

func (r *recorder) replay(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.header)
	if r.status != 0 {
		w.WriteHeader(r.status)
	}
	_, _ = r.body.WriteTo(w)
}

// wireFault is a Fault as the control API reads and writes it.
type wireFault struct {
	Op     string            `json:"op"`
	Times  int               `json:"times,omitempty"`
	Skip   int               `json:"skip,omitempty"`
	Delay  string            `json:"delay,omitempty"`
	After  bool              `json:"after,omitempty"`
	Hold   bool              `json:"hold,omitempty"`
	Drop   bool              `json:"drop,omitempty"`
	Status int               `json:"status,omitempty"`
	Header map[string]string `json:"headers,omitempty"`
	Body   string            `json:"body,omitempty"`
}

func (f wireFault) fault() (Fault, error) {
	out := Fault{
		Times: f.Times, Skip: f.Skip, After: f.After, Hold: f.Hold,
		Drop: f.Drop, Status: f.Status, Header: f.Header, Body: f.Body,
	}
	if f.Delay == "" {
		return out, nil
	}
	delay, err := time.ParseDuration(f.Delay)
	if err != nil {
		return Fault{}, fmt.Errorf("delay %q is no duration, write it like \"1.5s\"", f.Delay)
	}
	out.Delay = delay
	return out, nil
}

func onWire(p Pending) wireFault {
	f := p.Fault
	out := wireFault{
		Op: p.Op, Times: f.Times, Skip: f.Skip, After: f.After, Hold: f.Hold,
		Drop: f.Drop, Status: f.Status, Header: f.Header, Body: f.Body,
	}
	if f.Delay > 0 {
		out.Delay = f.Delay.String()
	}
	return out
}

// Handler returns the control API of the injector.
//
//	GET             lists {"operations": [...], "pending": [...]}
//	POST            queues one fault: {"op", "times", "skip", "delay", "after", "hold", "drop", "status", "headers", "body"}
//	DELETE          forgets all faults and releases all held requests
//	DELETE ?op=name releases the held requests of one operation
func (i *Injector) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
			i.list(w)
		case http.MethodPost:
			i.post(w, r)
		case http.MethodDelete:
			i.forget(w, r)
		default:
			w.Header().Set("Allow", "GET, POST, DELETE")
			refuse(w, http.StatusMethodNotAllowed, errors.New("use GET, POST or DELETE"))
		}
	})
}

func (i *Injector) list(w http.ResponseWriter) {
	pending := []wireFault{}
	for _, p := range i.Pending() {
		pending = append(pending, onWire(p))
	}
	answer(w, http.StatusOK, map[string]any{"operations": i.Ops(), "pending": pending})
}

func (i *Injector) post(w http.ResponseWriter, r *http.Request) {
	var in wireFault
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControlBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, fmt.Errorf("send one fault as a JSON object: %w", err))
		return
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		refuse(w, http.StatusBadRequest, errors.New("send one fault a request, something follows the first"))
		return
	}
	f, err := in.fault()
	if err == nil {
		err = i.Add(in.Op, f)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	answer(w, http.StatusCreated, in)
}

func (i *Injector) forget(w http.ResponseWriter, r *http.Request) {
	if op := r.URL.Query().Get("op"); op != "" {
		answer(w, http.StatusOK, map[string]int{"released": i.Release(op)})
		return
	}
	i.Clear()
	w.WriteHeader(http.StatusNoContent)
}

func refuse(w http.ResponseWriter, status int, err error) {
	answer(w, status, map[string]string{"message": err.Error()})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
