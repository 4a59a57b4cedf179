package api

// ParseReply lets tests reach the reader of texts.
func ParseReply(body string) (command, number, reason string) {
	r := parseReply(body)
	return r.command, r.number, r.reason
}

// Decode lets tests reach the decoder of bodies.
func Decode(body []byte, v any) error { return decode(body, v) }
