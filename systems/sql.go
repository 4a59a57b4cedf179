package systems

// SQLRequest names one statement of those that the systems file has for a
// database.
type SQLRequest struct {
	Statement string `json:"statement"`
	// Values are what is bound, as a JSON object: {"id": 17}. Of a statement
	// that goes along with another, those that it does not take are left out.
	Values string `json:"values,omitempty"`
	// With is the statement that this one goes along with, or nothing.
	With string `json:"with,omitempty"`
}

// SQLPlan is the statement that would be made.
type SQLPlan struct {
	// Text is the statement, Binds what is bound, in order: "id = 17".
	Text  string   `json:"text"`
	Binds []string `json:"binds,omitempty"`
	// Changes says that it is one that changes something, Slow that it may work
	// for minutes.
	Changes bool `json:"changes,omitempty"`
	Slow    bool `json:"slow,omitempty"`
	// Rows says in words how many rows it must touch.
	Rows string `json:"rows,omitempty"`
	// Expects must hold before it is made, Done holds when it was made, and Undo
	// is the statement that takes it back.
	Expects []SQLCheck `json:"expects,omitempty"`
	Done    *SQLCheck  `json:"done,omitempty"`
	Undo    string     `json:"undo,omitempty"`
	// Covers identifies all that the file says of the statement.
	Covers string `json:"covers"`
}

// SQLCheck is what a reading statement should answer: the first column of its
// only row, or nothing for no row.
type SQLCheck struct {
	Statement string `json:"statement"`
	Is        string `json:"is"`
}

// SQLRows is what a reading statement answered.
type SQLRows struct {
	Columns []string   `json:"columns,omitempty"`
	Rows    [][]string `json:"rows,omitempty"`
	// More says that there are more rows than these, Cut that a value is longer
	// than what is here.
	More bool `json:"more,omitempty"`
	Cut  bool `json:"cut,omitempty"`
	// Removed is how many secrets were taken out of them.
	Removed int `json:"removed,omitempty"`
}

// SQLChange is what a statement that changes something did.
type SQLChange struct {
	// Rows is how many rows it touched.
	Rows int64 `json:"rows"`
	// Resolved says that the answer to its commit was lost, and that the
	// database said afterwards that it was committed.
	Resolved bool `json:"resolved,omitempty"`
}
