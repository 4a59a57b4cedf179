package systems

// RedisKeys names the keys that begin with a prefix.
type RedisKeys struct {
	Prefix string `json:"prefix"`
	// Most is how many may be deleted, Covers the plan that was approved.
	Most   int    `json:"most,omitempty"`
	Covers string `json:"covers,omitempty"`
}

// RedisCount is how many keys there are that begin with a prefix.
type RedisCount struct {
	// Keys are those that begin with it; counting ends once there are More than
	// the system's limit.
	Keys int  `json:"keys"`
	More bool `json:"more,omitempty"`
	// Of is how many keys there are at all.
	Of int `json:"of"`
	// Limit is the most that one run may delete, Rate how many a second.
	Limit int `json:"limit"`
	Rate  int `json:"rate"`
	// Covers identifies what the file says of the system.
	Covers string `json:"covers"`
}

// RedisSwept is what a deletion did.
type RedisSwept struct {
	Deleted int `json:"deleted"`
	// Whole says that it went through all keys: whatever is left was set since
	// it began. Otherwise it stopped at the most that it may delete.
	Whole bool `json:"whole,omitempty"`
}
