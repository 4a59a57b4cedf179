package expr

import (
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/tocsinhq/tocsin/alerts"
)

// Subject is an alert, ready to be asked about by many conditions.
type Subject struct {
	labels, annotations *texts
	name, status        types.String
	source              types.String
	now                 types.Timestamp
}

var _ cel.Activation = (*Subject)(nil)

// About returns the subject of an alert that is looked at at a time.
func About(a alerts.Alert, at time.Time) *Subject {
	return &Subject{
		labels: &texts{all: a.Labels}, annotations: &texts{all: a.Annotations}, name: types.String(a.Name()),
		status: types.String(a.Status), source: types.String(a.Source), now: types.Timestamp{Time: at.UTC()},
	}
}

// ResolveName implements cel.Activation.
func (s *Subject) ResolveName(name string) (any, bool) {
	switch name {
	case "labels":
		return s.labels, true
	case "annotations":
		return s.annotations, true
	case "name":
		return s.name, true
	case "status":
		return s.status, true
	case "source":
		return s.source, true
	case "now":
		return s.now, true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (*Subject) Parent() cel.Activation { return nil }

// texts is a map of texts in which a missing one reads as "", as in matchers.
// It is deliberately no traits.Mapper: the library would fail on what is
// missing.
type texts struct {
	all map[string]string
}

// texts answers whatever a condition can ask of a map.
var _ interface {
	ref.Val
	traits.Container
	traits.Indexer
	traits.FieldTester
	traits.Sizer
	traits.Iterable
} = (*texts)(nil)

// Get implements traits.Indexer.
func (t *texts) Get(key ref.Val) ref.Val {
	name, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key)
	}
	return types.String(t.all[string(name)])
}

// IsSet implements traits.FieldTester.
func (t *texts) IsSet(key ref.Val) ref.Val { return t.Contains(key) }

// Contains implements traits.Container.
func (t *texts) Contains(key ref.Val) ref.Val {
	name, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key)
	}
	_, found := t.all[string(name)]
	return types.Bool(found)
}

// Size implements traits.Sizer.
func (t *texts) Size() ref.Val { return types.Int(len(t.all)) }

// Iterator implements traits.Iterable.
func (t *texts) Iterator() traits.Iterator { return t.plain().Iterator() }

// ConvertToNative implements ref.Val.
func (t *texts) ConvertToNative(to reflect.Type) (any, error) {
	out, err := t.plain().ConvertToNative(to)
	if err != nil {
		return nil, fmt.Errorf("read labels as %s: %w", to, err)
	}
	return out, nil
}

// ConvertToType implements ref.Val.
func (t *texts) ConvertToType(to ref.Type) ref.Val { return t.plain().ConvertToType(to) }

// Equal implements ref.Val.
func (t *texts) Equal(other ref.Val) ref.Val {
	if same, ok := other.(*texts); ok {
		other = same.plain()
	}
	return t.plain().Equal(other)
}

// Type implements ref.Val.
func (*texts) Type() ref.Type { return types.MapType }

// Value implements ref.Val.
func (t *texts) Value() any { return t.all }

func (t *texts) plain() traits.Mapper {
	return types.NewStringStringMap(types.DefaultTypeAdapter, t.all)
}
