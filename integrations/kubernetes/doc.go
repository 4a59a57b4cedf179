// Package kubernetes changes Deployments and nodes of a Kubernetes cluster, each
// change provided that the cluster still is as it was seen, and tells of the
// rollouts in it.
//
// An error of kind Invalid, NotFound, Forbidden, Refused, Conflict or Permanent
// says that nothing was changed. After Unavailable nobody knows. None holds an
// address or a secret.
package kubernetes
