package systems

import "time"

// FlagOrder names one feature flag of those that the systems file allows.
type FlagOrder struct {
	Flag string `json:"flag"`
	// On says how it is to be turned, Covers what the systems file said when that
	// was approved.
	On     bool   `json:"on,omitempty"`
	Covers string `json:"covers,omitempty"`
}

// FlagState is how a feature flag stands in the one environment that the systems
// file names.
type FlagState struct {
	On bool `json:"on"`
	// Rules say who gets it while it is on, one strategy each, in order:
	// "flexibleRollout 25 %, 1 constraint". There are none where nobody would.
	Rules []string `json:"rules,omitempty"`
	// Digest identifies all that the strategies say, and nothing when there are
	// none.
	Digest string `json:"digest,omitempty"`
	// Kind is what its owners made it for, such as release or kill-switch; Stale
	// says that they want to be rid of it.
	Kind  string `json:"kind,omitempty"`
	Stale bool   `json:"stale,omitempty"`
	// Seen is when an application last asked for it, as far as is known.
	Seen time.Time `json:"seen,omitzero"`
	// Environment and Project are where it was looked for.
	Environment string `json:"environment"`
	Project     string `json:"project"`
	// Covers identifies what the file says of the system.
	Covers string `json:"covers"`
}
