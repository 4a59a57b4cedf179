package deployer

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// problem is a refusal of the interface.
type problem struct {
	status       int
	kind, detail string
}

// Error is the detail, which says what to do.
func (p *problem) Error() string { return p.detail }

func refused(status int, kind, format string, args ...any) error {
	return &problem{status: status, kind: kind, detail: fmt.Sprintf(format, args...)}
}

// RollbackRequest asks for an earlier revision of a service.
type RollbackRequest struct {
	ToRevision       string `json:"to_revision"`
	ExpectedRevision string `json:"expected_revision"`
	IdempotencyKey   string `json:"idempotency_key"`
	Reason           string `json:"reason"`
}

func (in RollbackRequest) err() error {
	var missing []string
	for _, field := range [][2]string{
		{"to_revision", in.ToRevision}, {"expected_revision", in.ExpectedRevision}, {"idempotency_key", in.IdempotencyKey},
	} {
		if field[1] == "" {
			missing = append(missing, field[0])
		}
	}
	if len(missing) > 0 {
		return refused(http.StatusBadRequest, "missing-field", "give %s", strings.Join(missing, ", "))
	}
	return nil
}

// rollback starts going back, or finds the operation that the same request
// started before.
func (s *Server) rollback(name string, in RollbackRequest) (Operation, error) {
	if err := in.err(); err != nil {
		return Operation{}, err
	}
	op, err := s.rollbackInMemory(name, in)
	if err != nil {
		return Operation{}, err
	}
	return op, s.file.Sync()
}

func (s *Server) rollbackInMemory(name string, in RollbackRequest) (Operation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settleLocked()
	if op, err := s.repeatedLocked(name, in); op != nil || err != nil {
		return op.operation(), err
	}
	service, err := s.rollbackableLocked(name, in)
	if err != nil {
		return Operation{}, err
	}
	now := time.Now()
	op := &kept{Key: in.IdempotencyKey, Ends: now.Add(s.takes), Operation: Operation{
		ID: fmt.Sprintf("op-%d", len(s.state.Operations)+1), Service: name, Kind: "rollback", State: Running,
		FromRevision: in.ExpectedRevision, Revision: in.ToRevision, Reason: in.Reason, StartedAt: now,
	}}
	if s.fails > 0 {
		s.fails--
		op.Fails = true
	}
	service.Operation = op.ID
	s.state.Operations = append(s.state.Operations, op)
	s.settleLocked()
	return op.Operation, nil
}

func (k *kept) operation() Operation {
	if k == nil {
		return Operation{}
	}
	return k.Operation
}

func (s *Server) repeatedLocked(name string, in RollbackRequest) (*kept, error) {
	i := slices.IndexFunc(s.state.Operations, func(k *kept) bool { return k.Key == in.IdempotencyKey })
	if i < 0 {
		return nil, nil
	}
	op := s.state.Operations[i]
	if op.Service != name || op.Revision != in.ToRevision || op.FromRevision != in.ExpectedRevision {
		return nil, refused(http.StatusUnprocessableEntity, "key-reused",
			"the idempotency key belongs to operation %s, which asked for something else; use a new key for a new request", op.ID)
	}
	return op, nil
}

func (s *Server) rollbackableLocked(name string, in RollbackRequest) (*Service, error) {
	service, ok := s.state.Services[name]
	if !ok {
		return nil, refused(http.StatusNotFound, "unknown-service", "there is no service %q here", name)
	}
	if service.Operation != "" {
		return nil, refused(http.StatusConflict, "operation-running",
			"operation %s is running on %s, wait for it to end", service.Operation, name)
	}
	if current := service.Current().Revision; current != in.ExpectedRevision {
		return nil, refused(http.StatusConflict, "revision-changed",
			"revision %s is deployed, not %s as expected; look again before deciding", current, in.ExpectedRevision)
	}
	if service.earlier(in.ToRevision) < 0 {
		return nil, refused(http.StatusUnprocessableEntity, "unknown-revision",
			"%s has no earlier revision %s; its previous ones are listed with the service", name, in.ToRevision)
	}
	return service, nil
}

// earlier is the place of a revision among the deployments before the current
// one, or -1.
func (s *Service) earlier(revision string) int {
	i := slices.IndexFunc(s.Deployments[1:], func(d Deployment) bool { return d.Revision == revision })
	if i < 0 {
		return -1
	}
	return i + 1
}

// settleLocked ends the operations whose time is over. There is no clockwork:
// whoever looks makes it so.
func (s *Server) settleLocked() {
	now := time.Now()
	for _, op := range s.state.Operations {
		if op.State != Running || now.Before(op.Ends) {
			continue
		}
		service := s.state.Services[op.Service]
		service.Operation = ""
		op.FinishedAt = op.Ends
		if op.Fails {
			op.State, op.Error = Failed, "the new instances did not become healthy, the old ones were kept"
			continue
		}
		op.State = Done
		service.goBack(op)
	}
}

// goBack makes an earlier deployment the current one. It keeps its revision,
// and what was current becomes the newest of the previous ones.
func (s *Service) goBack(op *kept) {
	i := s.earlier(op.Revision)
	if i < 0 {
		return
	}
	d := s.Deployments[i]
	d.DeployedAt, d.DeployedBy = op.Ends, "rollback "+op.ID
	s.Deployments = slices.Insert(slices.Delete(s.Deployments, i, i+1), 0, d)
}

// Deploy makes a new revision of a service the current one, at once, reports
// it where ReportTo said, and returns it. A service that is not known yet begins with it. It fails while
// an operation is running on the service.
func (s *Server) Deploy(name string, d Deployment) (Deployment, error) {
	s.mu.Lock()
	s.settleLocked()
	if service, ok := s.state.Services[name]; ok && service.Operation != "" {
		s.mu.Unlock()
		return Deployment{}, refused(http.StatusConflict, "operation-running",
			"operation %s is running on %s, wait for it to end", service.Operation, name)
	}
	before := ""
	if service, ok := s.state.Services[name]; ok {
		before = service.Current().Version
	}
	d.DeployedAt = time.Now()
	d = s.deployLocked(name, d)
	s.mu.Unlock()
	if err := s.file.Sync(); err != nil {
		return d, err
	}
	s.reporter.report(name, before, d)
	return d, nil
}

func (s *Server) deployLocked(name string, d Deployment) Deployment {
	service, ok := s.state.Services[name]
	if !ok {
		service = &Service{Name: name, Next: 40}
		s.state.Services[name] = service
	}
	service.Next++
	d.Revision = fmt.Sprintf("r%d", service.Next)
	d.Version = cmp.Or(d.Version, fmt.Sprintf("1.%d.0", service.Next))
	d.DeployedBy = cmp.Or(d.DeployedBy, "ci")
	service.Deployments = slices.Insert(service.Deployments, 0, d)
	return d
}
