package systems

import (
	"fmt"
	"time"
)

// KubeRef names a Deployment of a cluster.
type KubeRef struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// String is NAMESPACE/NAME.
func (r KubeRef) String() string { return r.Namespace + "/" + r.Name }

// KubeRevision is one template that a Deployment runs or has run. Its number
// changes when the Deployment goes back to it; its name, that of its
// ReplicaSet, stays.
type KubeRevision struct {
	Revision int64  `json:"revision"`
	Template string `json:"template"`
	// Images are those of its containers, Cause is what was noted as the cause
	// of the change to it.
	Images []string  `json:"images,omitempty"`
	Cause  string    `json:"cause,omitempty"`
	At     time.Time `json:"at,omitzero"`
	// Formerly are the numbers that it had before somebody went back to it.
	Formerly []int64 `json:"formerly,omitempty"`
}

// String is the number and the name of the template.
func (r KubeRevision) String() string { return fmt.Sprintf("%d (%s)", r.Revision, r.Template) }

// KubeDeployment is how a Deployment is.
type KubeDeployment struct {
	// KubeRevision is what it is to run. Its Template is empty while the cluster
	// has not taken up the newest change.
	KubeRevision
	// Previous is what ran before and is still kept, the newest first, at most
	// ten.
	Previous []KubeRevision `json:"previous,omitempty"`
	Replicas int            `json:"replicas"`
	Paused   bool           `json:"paused,omitempty"`
	// Restarted is when a restart was last asked for, as whoever asked wrote it.
	Restarted string `json:"restarted,omitempty"`
	// Manager is what else decides over its template, such as Argo CD, or
	// nothing.
	Manager string `json:"manager,omitempty"`
	// Stalled identifies the stall of the rollout that has run into its
	// deadline, if it has.
	Stalled string `json:"stalled,omitempty"`
	// Covers identifies the cluster that it is in.
	Covers string `json:"covers,omitempty"`
}

// KubeRollback takes a Deployment to a template that it has run before.
type KubeRollback struct {
	KubeRef
	To KubeRevision `json:"to"`
	// Expected is what it must be running; a revision of zero is any number.
	Expected KubeRevision `json:"expected"`
}

// KubeRestart has a Deployment replace its pods by equal ones.
type KubeRestart struct {
	KubeRef
	// At marks the restart: the same mark is made once.
	At string `json:"at"`
	// Expected is what it must be running.
	Expected KubeRevision `json:"expected"`
}

// KubeScale gives a Deployment another number of pods.
type KubeScale struct {
	KubeRef
	From int `json:"from"`
	To   int `json:"to"`
}

// KubeAwaited names a rollout.
type KubeAwaited struct {
	KubeRef
	// Stalled is the stall that is known already, and says nothing of it.
	Stalled string `json:"stalled,omitempty"`
}

// KubeRollout is how far the pods of a Deployment are what they should be.
type KubeRollout struct {
	Over bool `json:"over"`
	// Failed says that it has run into its deadline.
	Failed bool `json:"failed,omitempty"`
	// Text says in words what is still to come.
	Text string `json:"text,omitempty"`
}

// KubeDrain names a node, and which of its pods may be evicted beside those
// that a controller makes anew and that keep nothing on the node.
type KubeDrain struct {
	Node string `json:"node"`
	// LocalStorage allows those with an emptyDir, whose content is lost,
	// Unmanaged those that nothing makes anew.
	LocalStorage bool `json:"local_storage,omitempty"`
	Unmanaged    bool `json:"unmanaged,omitempty"`
	// Most is how many may be evicted.
	Most int `json:"most,omitempty"`
	// Within bounds how long evictions are tried that a PodDisruptionBudget
	// forbids.
	Within time.Duration `json:"within,omitempty"`
}

// KubeNode is how a node is.
type KubeNode struct {
	Name     string `json:"name"`
	Cordoned bool   `json:"cordoned"`
	// Nodes is how many there are, Closed how many of the others take no pods.
	Nodes  int `json:"nodes"`
	Closed int `json:"closed"`
	// Evicts counts the pods that a drain evicts, Pods are the first of them.
	Evicts int      `json:"evicts"`
	Pods   []string `json:"pods,omitempty"`
	// Stays counts those that a drain leaves: of DaemonSets, and of the node
	// itself. Leaving counts those that are being ended.
	Stays   int `json:"stays"`
	Leaving int `json:"leaving"`
	// Kept says of the pods that may not be evicted which they are and why.
	Kept []string `json:"kept,omitempty"`
	// Covers identifies the cluster that it is in.
	Covers string `json:"covers,omitempty"`
}

// KubeCordon opens a node for new pods, or closes it.
type KubeCordon struct {
	Node  string `json:"node"`
	Close bool   `json:"close"`
	// AtMost is the share of nodes, in percent, that may take no pods then.
	AtMost int `json:"at_most,omitempty"`
}

// KubeDrained is what a drain did.
type KubeDrained struct {
	Evicted int `json:"evicted"`
	// Left counts the pods that could not be evicted in time, and Why says of
	// the first why.
	Left int    `json:"left"`
	Why  string `json:"why,omitempty"`
}
