package docs_test

import (
	"io/fs"
	"regexp"
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
	require.Len(t, blocks, 2)
	for _, block := range blocks {
		files = append(files, catalog.File{Name: "noise.md", Data: []byte(block[1])})
	}
	c, err := catalog.Parse(files...)
	require.NoError(t, err)
	require.Len(t, c.Routes, 3)
	require.Len(t, c.Heartbeats, 1)
}
