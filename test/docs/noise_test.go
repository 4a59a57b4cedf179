package docs_test

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/deployments"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// What docs/noise.md shows of a catalog fits the example: it can be applied
// with it, less the routes that the example has itself.
func TestTheCatalogThatNoiseShowsIsValid(t *testing.T) {
	t.Parallel()
	var files []catalog.File
	names, err := fs.Glob(deployments.ExampleCatalog(), "*.yaml")
	require.NoError(t, err)
	for _, name := range names {
		if name == "routes.yaml" {
			continue
		}
		data, err := fs.ReadFile(deployments.ExampleCatalog(), name)
		require.NoError(t, err)
		files = append(files, catalog.File{Name: name, Data: data})
	}
	blocks := yamlBlock.FindAllStringSubmatch(read(t, "docs/noise.md"), -1)
	require.Len(t, blocks, 4)
	for _, block := range blocks {
		// A catalog has its settings in one place.
		if lines, settings := strings.CutPrefix(block[1], "settings:\n"); settings {
			n := slices.IndexFunc(files, func(f catalog.File) bool { return f.Name == "settings.yaml" })
			files[n].Data = []byte(strings.Replace(string(files[n].Data), "\nsettings:\n", "\nsettings:\n"+lines, 1))
			continue
		}
		files = append(files, catalog.File{Name: "noise.md", Data: []byte(block[1])})
	}
	c, err := catalog.Parse(files...)
	require.NoError(t, err)
	require.Len(t, c.Routes, 3)
	require.Len(t, c.Heartbeats, 1)
	require.Equal(t, catalog.Flapping{}.Limit(), c.Settings.Flapping, "what is shown is the default")
	require.Equal(t, "incidents", c.Settings.NoiseReport.Audience)
}
