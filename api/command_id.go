package api

import (
	"fmt"

	"github.com/tocsinhq/tocsin/incident"
)

// An incident, and the register of declarations, apply an id once, whoever
// sent it. So that nobody can use up the id of somebody else's command, or of
// another command of their own, an id is made from the key and from whose key
// it is. It begins with where the key comes from: no token reaches the ids
// that Tocsin makes itself.
const (
	byCaller      = "key-"
	byLink        = "link-"
	byText        = "text-"
	byDeclaration = "declaration-"
)

// commandID returns the id of somebody's command under a key.
func commandID(origin string, by incident.Actor, name, key string) string {
	return origin + HashToken(fmt.Sprintf("%q %q %q %q", by.Kind, by.ID, name, key))
}
