package workflows

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Client speaks to incidents. It is the only place that knows how.
type Client struct {
	// Temporal is shared with the worker of the incidents queue in this
	// process, so that a start is answered by its first task (eager start).
	Temporal client.Client
	// Converter is the one that Temporal was given; the default one when nil.
	Converter converter.DataConverter
	// Namespace is that of Temporal; only Forget asks for it.
	Namespace string
	// Unlisted leaves search attributes out, where the namespace lacks them.
	Unlisted bool
	// Patience is how long a command waits for a worker; 2 seconds when zero.
	Patience time.Duration

	// refused is whether the last start had to do without search attributes.
	refused atomic.Bool
}

// Start begins an incident, and reports whether its first task came with the
// answer. What Temporal refuses for a search attribute it does not know, or for
// its size, is started without its search attributes, without its alerts, or
// without both: the page matters more. It answers with incident.Conflict when one of that
// number runs or ran already, with incident.Invalid when Temporal refuses even
// the least, and with incident.Unavailable when nobody can say that it was
// started: repeat it.
func (c *Client) Start(ctx context.Context, inc *incident.Incident, batch []alerts.Alert, more int) (eager bool, err error) {
	whole := NewState(inc, batch, more)
	whole.Unlisted = c.Unlisted || incident.IsBeat(inc.Number) // nobody looks for a beat
	bare := whole
	bare.Alerts, bare.More = nil, more+len(batch)
	for _, state := range []State{whole, unlisted(whole), bare, unlisted(bare)} {
		eager, err = c.start(ctx, state)
		if incident.KindOf(err) != incident.Invalid {
			break
		}
	}
	return eager, err
}

func unlisted(s State) State {
	s.Unlisted = true
	return s
}

func (c *Client) start(ctx context.Context, state State) (eager bool, err error) {
	inc := state.Incident
	options := client.StartWorkflowOptions{
		ID: inc.Number, TaskQueue: Incidents, WorkflowTaskTimeout: taskTimeout, EnableEagerStart: true,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		Priority:                                 temporal.Priority{PriorityKey: priority(inc)},
		StaticSummary:                            incident.CutBytes(inc.Number+" "+inc.Service, maxSummary),
		Memo:                                     map[string]any{keyMemo: incident.Identity(inc.Service, inc.Key)},
	}
	beat := incident.IsBeat(inc.Number)
	if beat {
		options.WorkflowExecutionTimeout = beatLife
	}
	if !state.Unlisted {
		options.TypedSearchAttributes = attributes(inc)
	}
	_, err = c.Temporal.ExecuteWorkflow(watchEager(ctx, &eager), options, Incident, state)
	if err == nil && !beat {
		c.refused.Store(state.Unlisted)
	}
	return eager, engineError(err, "start "+inc.Number)
}

// beatLife is when a beat that nobody has ended comes to its end.
const beatLife = 5 * time.Minute

// Lists reports whether incidents are started with search attributes. It is
// false while Temporal refuses them, until it takes them again.
func (c *Client) Lists() bool { return !c.Unlisted && !c.refused.Load() }

// keyMemo holds service and dedup key, by which a number that is taken can be
// told from another incident of an older database.
const keyMemo = "TocsinKey"

// priority makes grave incidents overtake others where tasks queue up.
func priority(inc *incident.Incident) int {
	switch {
	case inc.Severity == catalog.SEV1:
		return 1
	case inc.Urgency == catalog.Urgent:
		return 2
	}
	return 3
}

func attributes(inc *incident.Incident) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(
		phaseAttribute.ValueSet(string(inc.Phase)), severityAttribute.ValueSet(incident.CutBytes(string(inc.Severity), maxKeyword)),
		serviceAttribute.ValueSet(incident.CutBytes(inc.Service, maxKeyword)), teamAttribute.ValueSet(incident.CutBytes(inc.Team, maxKeyword)),
	)
}

// Signal tells an incident what its alerts say now. It answers with
// incident.NotFound when its workflow is gone or finished.
func (c *Client) Signal(ctx context.Context, number string, batch []alerts.Alert, more int) error {
	err := c.Temporal.SignalWorkflow(ctx, number, "", AlertsSignal, Alerts{Alerts: batch, More: more})
	return engineError(err, "signal "+number)
}

// TicketChanged hints that a ticket of an incident should be read again.
func (c *Client) TicketChanged(ctx context.Context, number string, ref incident.TicketRef) error {
	return engineError(c.Temporal.SignalWorkflow(ctx, number, "", TicketSignal, ref), "signal "+number)
}

// HandOff tells an incident that another person came on call. It is NotFound
// when there is no open workflow of this number.
func (c *Client) HandOff(ctx context.Context, number string, h incident.HandOff) error {
	return engineError(c.Temporal.SignalWorkflow(ctx, number, "", HandOffSignal, h), "signal "+number)
}

// Suspect tells an incident which changes may have caused it. It is NotFound
// when there is no open workflow of this number.
func (c *Client) Suspect(ctx context.Context, number string, list []incident.Suspect) error {
	return engineError(c.Temporal.SignalWorkflow(ctx, number, "", SuspectsSignal, list), "signal "+number)
}

// PageFailed tells an incident that a page which a provider took will never
// arrive. It answers with incident.NotFound when its workflow is gone or
// finished.
func (c *Client) PageFailed(ctx context.Context, number, key, reason string) error {
	fact := PageFailed{Key: key, Reason: reason}
	return engineError(c.Temporal.SignalWorkflow(ctx, number, "", PageFailedSignal, fact), "signal "+number)
}

// Describe says which service and dedup key an incident has, and whether its
// workflow is open.
func (c *Client) Describe(ctx context.Context, number string) (key string, open bool, err error) {
	d, err := c.Temporal.DescribeWorkflowExecution(ctx, number, "")
	if err != nil {
		return "", false, engineError(err, "describe "+number)
	}
	info := d.GetWorkflowExecutionInfo()
	if payload, ok := info.GetMemo().GetFields()[keyMemo]; ok {
		reader := cmp.Or(c.Converter, converter.GetDefaultDataConverter())
		if err := reader.FromPayload(payload, &key); err != nil {
			return "", false, fmt.Errorf("read the key of %s: %w", number, err)
		}
	}
	return key, info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}

// Send sends a person's command and waits for its answer. Errors are of
// kind Refused, Invalid, Forbidden or NotFound as the incident's rules say, and
// Gone when there is no workflow to ask. Unavailable means that it is not known
// whether it was applied: repeat it with the same id.
//
// An acknowledgement that no worker answers in time is left as a signal, with
// the time of its tap, and counts as accepted.
func (c *Client) Send(ctx context.Context, number, name string, h incident.Header, args any) (incident.Outcome, error) {
	patient, cancel := context.WithTimeout(ctx, cmp.Or(c.Patience, 2*time.Second))
	defer cancel()
	out, err := c.update(patient, number, name, h, args)
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return out, incident.Errorf(incident.Gone, "%w", err)
	}
	if incident.KindOf(err) == incident.Unavailable && name == incident.AcknowledgeCommand {
		return c.leaveAck(ctx, number, h, args, err)
	}
	return out, err
}

func (c *Client) update(ctx context.Context, number, name string, h incident.Header, args any) (incident.Outcome, error) {
	handle, err := c.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: number, UpdateID: h.ID, UpdateName: name, WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{Command[any]{Header: h, Args: args}},
	})
	if err != nil {
		return incident.Outcome{}, engineError(err, name+" "+number)
	}
	var out incident.Outcome
	return out, engineError(handle.Get(ctx, &out), name+" "+number)
}

func (c *Client) leaveAck(ctx context.Context, number string, h incident.Header, args any, cause error) (incident.Outcome, error) {
	data, err := json.Marshal(args)
	if err != nil {
		return incident.Outcome{}, fmt.Errorf("encode the acknowledgement: %w", err)
	}
	var ack incident.Acknowledge
	if err := json.Unmarshal(data, &ack); err != nil {
		return incident.Outcome{}, fmt.Errorf("decode the acknowledgement: %w", err)
	}
	err = c.Temporal.SignalWorkflow(ctx, number, "", AcknowledgeSignal, Command[incident.Acknowledge]{Header: h, Args: ack})
	if err != nil {
		return incident.Outcome{}, errors.Join(engineError(err, "leave the acknowledgement"), cause)
	}
	return incident.Outcome{Number: number, Text: incident.Accepted}, nil
}

// engineError gives what the engine or an incident answered a kind.
func engineError(err error, what string) error {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return refusedBy(refused, err, what)
	}
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return incident.Errorf(incident.Conflict, "%s: it exists already", what)
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return incident.Errorf(incident.NotFound, "%s: its workflow is gone or finished: %w", what, err)
	}
	if _, ok := errors.AsType[*serviceerror.InvalidArgument](err); ok {
		return incident.Errorf(incident.Invalid, "%s: Temporal refuses it: %w", what, err)
	}
	return incident.Errorf(incident.Unavailable, "%s: not known whether it was done; repeat it with the same key: %w", what, err)
}

func refusedBy(refused *temporal.ApplicationError, err error, what string) error {
	kind := incident.Kind(refused.Type())
	switch kind {
	case incident.Refused, incident.Invalid, incident.Forbidden, incident.NotFound, incident.Conflict:
		known := &incident.Error{Kind: kind, Message: refused.Message()}
		if refused.HasDetails() && refused.Details(&known.Missing) != nil {
			known.Missing = nil
		}
		return known
	}
	return fmt.Errorf("%s: %w", what, err)
}
