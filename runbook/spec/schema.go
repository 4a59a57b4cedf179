package spec

// Schema is the JSON Schema (draft 2020-12) of the parameters that can be given
// to a run: whoever asks people for them needs nothing else. What can be taken
// from elsewhere is not required.
func (s Spec) Schema() map[string]any {
	properties := map[string]any{}
	required := []string{}
	for _, p := range s.Params {
		properties[p.Name] = p.schema()
		if !p.Optional && p.Default == "" && p.From == "" {
			required = append(required, p.Name)
		}
	}
	return map[string]any{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"title":                s.Name,
		"description":          s.About,
		"type":                 "object",
		"properties":           properties,
		"required":             required,
		"additionalProperties": false,
	}
}

// durations is Go's notation of a duration that is not negative.
const durations = `^([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))*$`

func (p Param) schema() map[string]any {
	out := map[string]any{"type": "string", "description": p.About, "maxLength": maxText}
	switch p.Type {
	case Number, Integer, Boolean:
		out = map[string]any{"type": string(p.Type), "description": p.About}
	case Name:
		out["pattern"], out["maxLength"] = plainName.String(), maxName
	case Duration:
		out["pattern"] = durations
	}
	if p.Match != "" {
		out["pattern"] = "^(?:" + p.Match + ")$"
	}
	if len(p.OneOf) > 0 {
		out["enum"] = p.OneOf
	}
	if p.Min != nil {
		out["minimum"] = *p.Min
	}
	if p.Max != nil {
		out["maximum"] = *p.Max
	}
	if p.Default != "" {
		out["default"] = p.typed(p.Default)
	}
	if p.From != "" {
		out["x-from"] = p.From
	}
	return out
}

// typed is a value as JSON has it.
func (p Param) typed(value string) any {
	switch p.Type {
	case Number, Integer:
		if n, err := parseNumber(value); err == nil {
			return n
		}
	case Boolean:
		return value == "true"
	}
	return value
}
