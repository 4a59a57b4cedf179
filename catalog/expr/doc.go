// Package expr reads and asks conditions on alerts, written in CEL:
//
//	labels.service == "payments" && labels.severity in ["warning", "info"]
//	name.startsWith("Disk") && !during("office-hours")
//
// A condition sees labels and annotations (a missing one reads as "", and
// has(labels.team) tells), name, status, source and now. It is bounded before
// it is ever asked: in length, in depth, in the size of its patterns (which
// are RE2 and must be written out) and in what it could cost on the largest
// alert there is. It is pure.
package expr
