package page_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/internal/page"
)

func files(content string) fstest.MapFS {
	return fstest.MapFS{"templates/one.html": {Data: []byte(`{{define "content"}}` + content + `{{end}}`)}}
}

func TestPagesShareTheLayout(t *testing.T) {
	set, err := page.Parse(files(`<p>{{.Name}} at {{when .At}}</p>`))
	require.NoError(t, err)
	at := time.Date(2030, 1, 31, 15, 4, 5, 0, time.FixedZone("CET", 3600))
	w := httptest.NewRecorder()
	set.Write(w, "one.html", http.StatusOK, page.View{
		Title: "A & B", Part: "inbox", Refresh: 5, Data: map[string]any{"Name": "<b>", "At": at},
	})
	body := w.Body.String()
	require.Contains(t, body, "<title>A &amp; B · sandbox</title>")
	require.Contains(t, body, "<p>&lt;b&gt; at 2030-01-31 15:04:05 CET</p>")
	require.Contains(t, body, `href="/inbox/" aria-current="page"`)
	require.Contains(t, body, `http-equiv="refresh" content="5"`)
	require.Contains(t, body, "--accent")
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
}

func TestBrokenPagesAreErrors(t *testing.T) {
	_, err := page.Parse(files(`{{.Name`))
	require.ErrorContains(t, err, "one.html")

	set, err := page.Parse(files(`{{.Missing.Field}}`))
	require.NoError(t, err)
	w := httptest.NewRecorder()
	set.Write(w, "one.html", http.StatusOK, page.View{Data: struct{}{}})
	require.Equal(t, http.StatusInternalServerError, w.Code)
	w = httptest.NewRecorder()
	set.Write(w, "two.html", http.StatusOK, page.View{})
	require.Equal(t, http.StatusInternalServerError, w.Code)
}

func TestNeverIsSaid(t *testing.T) {
	require.Equal(t, "never", page.When(time.Time{}))
}
