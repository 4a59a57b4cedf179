package kubernetes

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	appsv1 "k8s.io/client-go/kubernetes/typed/apps/v1"
	autoscalingv2 "k8s.io/client-go/kubernetes/typed/autoscaling/v2"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tocsinhq/tocsin/incident"
)

// Config says where a cluster is and what may be changed in it.
type Config struct {
	// Name is how runbooks call it.
	Name string `yaml:"name"`
	// KubeconfigFile is a file as kubectl reads it; empty is the cluster that
	// this process runs in, by the account of its pod.
	KubeconfigFile string `yaml:"kubeconfig_file"`
	// Context is the one of that file to use; empty is its current one.
	Context string `yaml:"context"`
	// Namespaces are those whose Deployments may be read and changed.
	Namespaces []string `yaml:"namespaces"`
	// Nodes says that nodes may be cordoned and drained, whatever the namespaces
	// of their pods.
	Nodes bool `yaml:"nodes"`
	// Rollouts says that the rollouts of those Deployments are watched, for the
	// services that name them in the catalog.
	Rollouts bool `yaml:"rollouts"`
	// MaxReplicas is the most pods that a Deployment is scaled to; zero is 100.
	MaxReplicas int `yaml:"max_replicas"`
	// Timeout bounds one request; zero is 5 seconds.
	Timeout time.Duration `yaml:"timeout"`
	// Poll is how soon an eviction that was forbidden is tried again, and a watch
	// that was dropped; zero is 2 seconds.
	Poll time.Duration `yaml:"-"`
}

// API is the part of a clientset that is used.
type API interface {
	AppsV1() appsv1.AppsV1Interface
	AutoscalingV2() autoscalingv2.AutoscalingV2Interface
	CoreV1() corev1.CoreV1Interface
}

// Cluster is a Kubernetes cluster. It is safe for concurrent use.
type Cluster struct {
	api    API
	config Config
	// covers identifies where it is.
	covers string
	// hidden is what no error may hold.
	hidden []string
}

// New returns the configured cluster, without speaking to it. It fails with
// Invalid, saying what to correct.
func New(config Config) (*Cluster, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	account, err := config.account()
	if err != nil {
		return nil, err
	}
	account.UserAgent, account.QPS, account.Burst = manager, 20, 40
	account.WarningHandler = rest.NoWarnings{}
	account.Wrap(func(next http.RoundTripper) http.RoundTripper { return impatient{next} })
	api, err := newClients(account)
	if err != nil {
		return nil, incident.Errorf(incident.Invalid, "the kubeconfig file cannot be used: check its server, certificates and user")
	}
	c := With(api, config)
	c.hidden = hostsOf(account.Host)
	sum := sha256.Sum256([]byte(account.Host))
	c.covers = hex.EncodeToString(sum[:12])
	return c, nil
}

// Covers identifies the cluster by its address: what an approval is given for.
func (c *Cluster) Covers() string { return c.covers }

// With returns a cluster that is spoken to through api.
func With(api API, config Config) *Cluster {
	config.MaxReplicas = cmp.Or(config.MaxReplicas, 100)
	config.Timeout = cmp.Or(config.Timeout, 5*time.Second)
	config.Poll = cmp.Or(config.Poll, 2*time.Second)
	return &Cluster{api: api, config: config}
}

var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

func (c Config) check() error {
	if len(c.Namespaces) == 0 && !c.Nodes {
		return incident.Errorf(incident.Invalid, "namespaces: list those whose Deployments may be changed, or set nodes to true")
	}
	for _, name := range c.Namespaces {
		if !label.MatchString(name) {
			return incident.Errorf(incident.Invalid, "namespaces: %.63q is no namespace", name)
		}
	}
	switch {
	case c.MaxReplicas < 0:
		return incident.Errorf(incident.Invalid, "max_replicas: it is less than none")
	case c.Timeout < 0:
		return incident.Errorf(incident.Invalid, "timeout: it is less than no time")
	case c.Context != "" && c.KubeconfigFile == "":
		return incident.Errorf(incident.Invalid, "context: it names one of kubeconfig_file, which is missing")
	}
	return nil
}

// account reads how the cluster is reached, and as whom.
func (c Config) account() (*rest.Config, error) {
	if c.KubeconfigFile == "" {
		account, err := rest.InClusterConfig()
		if err != nil {
			return nil, incident.Errorf(incident.Invalid, "kubeconfig_file: name one, since this process does not run in a cluster with an account of its own")
		}
		return account, nil
	}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: c.KubeconfigFile}, &clientcmd.ConfigOverrides{CurrentContext: c.Context})
	account, err := loader.ClientConfig()
	if err != nil {
		return nil, incident.Errorf(incident.Invalid, "kubeconfig_file: it cannot be read as a kubeconfig with the context %q", c.Context)
	}
	return account, nil
}

// hostsOf is the address of a cluster in the forms that an error may show it.
func hostsOf(address string) []string {
	hosts := []string{address}
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		hosts = append(hosts, u.Host, u.Hostname())
	}
	return hosts
}

// clients are those of the groups that are used: a whole clientset would link
// all there are.
type clients struct {
	apps        *appsv1.AppsV1Client
	autoscaling *autoscalingv2.AutoscalingV2Client
	core        *corev1.CoreV1Client
}

var _ API = (*clients)(nil)

func newClients(account *rest.Config) (*clients, error) {
	over, err := rest.HTTPClientFor(account)
	if err != nil {
		return nil, fmt.Errorf("make the HTTP client: %w", err)
	}
	c := &clients{}
	for _, step := range []func() error{
		func() (err error) { c.apps, err = appsv1.NewForConfigAndClient(account, over); return err },
		func() (err error) {
			c.autoscaling, err = autoscalingv2.NewForConfigAndClient(account, over)
			return err
		},
		func() (err error) { c.core, err = corev1.NewForConfigAndClient(account, over); return err },
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("make the client of a group: %w", err)
		}
	}
	return c, nil
}

// AppsV1 is the client of apps/v1.
func (c *clients) AppsV1() appsv1.AppsV1Interface { return c.apps }

// AutoscalingV2 is the client of autoscaling/v2.
func (c *clients) AutoscalingV2() autoscalingv2.AutoscalingV2Interface { return c.autoscaling }

// CoreV1 is the client of the core group.
func (c *clients) CoreV1() corev1.CoreV1Interface { return c.core }
