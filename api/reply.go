package api

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/tocsinhq/tocsin/incident"
)

// reply is what a text asks for.
type reply struct {
	// command is incident.AcknowledgeCommand or incident.DeclineCommand; empty
	// when it is neither.
	command string
	// number is the incident's; empty when none was named.
	number string
	// reason follows the number of what is declined.
	reason string
}

// What people write, in any case: ACK 1042, No inc-1042 I am on a plane. A
// number that was made without the database begins with x.
var replied = regexp.MustCompile(`^(?i)(ack|acknowledge|no|decline)(?:[\s:#]+(?:inc[-\s]*)?#?([0-9]{1,18}|x[0-9a-z]{1,39})(?:[\s,:.]+(.*))?)?$`)

const maxReason = 200

// blank says what only parts words; a zero character could not be recorded.
func blank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// parseReply reads a text. What it does not wholly understand asks for nothing:
// "no idea" declines nothing, and "ack later" acknowledges nothing.
func parseReply(body string) reply {
	text := strings.TrimRight(strings.Join(strings.FieldsFunc(body, blank), " "), " .!")
	part := replied.FindStringSubmatch(text)
	if part == nil {
		return reply{}
	}
	out := reply{command: incident.DeclineCommand, reason: part[3]}
	if strings.HasPrefix(strings.ToLower(part[1]), "ack") {
		if part[3] != "" {
			return reply{}
		}
		out.command = incident.AcknowledgeCommand
	}
	if part[2] != "" {
		out.number = incident.NumberPrefix + strings.ToLower(part[2])
	}
	if runes := []rune(out.reason); len(runes) > maxReason {
		out.reason = string(runes[:maxReason])
	}
	return out
}
