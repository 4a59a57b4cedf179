// Package rest makes HTTP requests to outside products and says by the kind
// of its errors what a bad answer means, so that no integration repeats it.
//
// What it holds to: every request ends within a time limit; redirects are
// never followed, since a redirected write silently becomes a read; answers
// are bounded and in memory; a page of HTML where data was expected is an
// outage, however successful its status; and no error names an address or
// holds a secret.
package rest
