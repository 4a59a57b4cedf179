package alerts

import "encoding/json"

// ParseAny reads an Alertmanager webhook when the body looks like one, and
// Tocsin's own format otherwise. It is for files that a person has at hand;
// who sends alerts says which they are. Errors are of type *InputError.
func ParseAny(body []byte) (Delivery, error) {
	var probe struct {
		Version  string `json:"version"`
		GroupKey string `json:"groupKey"`
		Receiver string `json:"receiver"`
	}
	// What is not JSON at all is told by the parser.
	if err := json.Unmarshal(body, &probe); err == nil && probe.Version+probe.GroupKey+probe.Receiver != "" {
		return ParseAlertmanager(body)
	}
	return ParseGeneric(body)
}
