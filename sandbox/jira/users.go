package jira

import (
	"cmp"
	"strings"
)

func (s *Server) renderUserOrNull(base, account string) any {
	if account == "" {
		return nil
	}
	return s.renderUser(base, account)
}

// creator is who made an issue.
func (s *Server) creator(issue *Issue) string { return cmp.Or(issue.Creator, s.api()) }

// renderUser is a user; the caller of the API has its e-mail as account name
// here, everybody else an account id.
func (s *Server) renderUser(base, account string) object {
	user := object{
		"self": base + "/rest/api/2/user?accountId=" + accountID(account), "accountId": accountID(account),
		"accountType": "atlassian", "active": true, "displayName": account, "timeZone": "Etc/UTC",
	}
	if account == s.api() {
		user["emailAddress"] = account
		user["displayName"] = cmp.Or(strings.Split(account, "@")[0], account)
	}
	return user
}

// accountID is opaque and has no @, as Jira's are.
func accountID(account string) string {
	return strings.NewReplacer("@", ":", " ", "-").Replace(account)
}
