package workflows_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
)

// listed is what the search attributes said when the last run was left.
func (s *story) listed() map[string]string {
	data, err := json.Marshal(s.state)
	require.NoError(s.t, err)
	var carried struct {
		Listed map[string]string `json:"listed"`
	}
	require.NoError(s.t, json.Unmarshal(data, &carried))
	return carried.Listed
}

func TestSearchAttributesFollowAndAreCarried(t *testing.T) {
	s := payments(t, quiet())
	s.state.Unlisted = false
	s.breaks = []string{"02:04", "02:11"}
	s.at("02:03", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:05", func(s *story) {
			require.Equal(s.t, map[string]string{"phase": "triaging", "severity": "SEV3", "commander": "alice"}, s.listed())
		}).
		at("02:10", command("alice", incident.MitigateCommand, mitigate)).
		at("02:12", func(s *story) { require.Equal(s.t, "mitigated", s.listed()["phase"]) }).
		at("02:13", stop).play()
	require.Greater(t, s.runs, 2)
}
