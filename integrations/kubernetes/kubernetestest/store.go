package kubernetestest

import (
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/testing"
)

// store keeps objects as an API server does.
type store struct {
	testing.ObjectTracker
	scheme *runtime.Scheme

	mu sync.Mutex
	// versions are those that the tracker counts, for each kind of object.
	versions map[schema.GroupVersionResource]int64
	created  int
}

func newStore(scheme *runtime.Scheme) *store {
	return &store{
		ObjectTracker: testing.NewObjectTracker(scheme, serializer.NewCodecFactory(scheme).UniversalDecoder()),
		scheme:        scheme, versions: map[schema.GroupVersionResource]int64{},
	}
}

// place puts an object into the cluster as it is: where it has no uid or time,
// it gets one.
func (s *store) place(o runtime.Object) error {
	kinds, _, err := s.scheme.ObjectKinds(o)
	if err != nil {
		return err
	}
	m, err := meta.Accessor(o)
	if err != nil {
		return err
	}
	resource, _ := meta.UnsafeGuessKindToResource(kinds[0])
	return s.Create(resource, o, m.GetNamespace())
}

// named gives an object that is to be created its name: the clientset looks for
// it under that.
func named(action testing.Action) {
	create, ok := action.(testing.CreateAction)
	if !ok {
		return
	}
	if m, err := meta.Accessor(create.GetObject()); err == nil && m.GetName() == "" {
		m.SetName(m.GetGenerateName() + uuid.NewString()[:5])
	}
}

// Create stores a new object.
func (s *store) Create(gvr schema.GroupVersionResource, o runtime.Object, ns string, _ ...metav1.CreateOptions) error {
	o = o.DeepCopyObject()
	m, err := meta.Accessor(o)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.GetUID() == "" {
		m.SetUID(types.UID(uuid.NewString()))
	}
	if at := m.GetCreationTimestamp(); at.IsZero() {
		// Real times are whole seconds: what comes first must still be older.
		s.created++
		m.SetCreationTimestamp(metav1.NewTime(time.Now().Truncate(time.Second).Add(time.Duration(s.created) * time.Millisecond)))
	}
	m.SetGeneration(1)
	return s.write(gvr, m, func() error { return s.ObjectTracker.Create(gvr, o, ns) })
}

// Update stores an object anew, provided that it is the one that was read.
func (s *store) Update(gvr schema.GroupVersionResource, o runtime.Object, ns string, _ ...metav1.UpdateOptions) error {
	return s.replace(gvr, o, ns)
}

// Patch is Update for an object that was patched.
func (s *store) Patch(gvr schema.GroupVersionResource, o runtime.Object, ns string, _ ...metav1.PatchOptions) error {
	return s.replace(gvr, o, ns)
}

func (s *store) replace(gvr schema.GroupVersionResource, o runtime.Object, ns string) error {
	m, err := meta.Accessor(o)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before, err := s.Get(gvr, ns, m.GetName())
	if err != nil {
		return err
	}
	old, err := meta.Accessor(before)
	if err != nil {
		return err
	}
	if m.GetResourceVersion() != "" && m.GetResourceVersion() != old.GetResourceVersion() {
		return apierrors.NewConflict(gvr.GroupResource(), m.GetName(), fmt.Errorf("the object has been modified"))
	}
	m.SetUID(old.GetUID())
	m.SetGeneration(old.GetGeneration())
	if !reflect.DeepEqual(specOf(before), specOf(o)) {
		m.SetGeneration(old.GetGeneration() + 1)
	}
	return s.write(gvr, m, func() error { return s.ObjectTracker.Update(gvr, o, ns) })
}

// Delete removes an object. Like any change it has a version of its own: those
// who watch see the object end with it.
func (s *store) Delete(gvr schema.GroupVersionResource, ns, name string, _ ...metav1.DeleteOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.Get(gvr, ns, name)
	if err != nil {
		return err
	}
	m, err := meta.Accessor(o)
	if err != nil {
		return err
	}
	m.SetDeletionTimestamp(new(metav1.Now()))
	if err := s.write(gvr, m, func() error { return s.ObjectTracker.Update(gvr, o, ns) }); err != nil {
		return err
	}
	return s.ObjectTracker.Delete(gvr, ns, name)
}

// write counts the version up as the tracker does.
func (s *store) write(gvr schema.GroupVersionResource, m metav1.Object, store func() error) error {
	next := max(s.versions[gvr], 1) + 1
	before := m.GetResourceVersion()
	m.SetResourceVersion(strconv.FormatInt(next, 10))
	if err := store(); err != nil {
		m.SetResourceVersion(before)
		return err
	}
	s.versions[gvr] = next
	return nil
}

func specOf(o runtime.Object) any {
	spec := reflect.ValueOf(o).Elem().FieldByName("Spec")
	if !spec.IsValid() {
		return nil
	}
	return spec.Interface()
}
