// Package kubernetes_test tries what changes Deployments and nodes against the
// real Deployment and ReplicaSet controllers of Kubernetes, in this process, and
// the rollback against kubectl's own. It is a module of its own, since building
// the controllers costs minutes.
package kubernetes_test
