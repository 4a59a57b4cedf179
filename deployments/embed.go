// Package deployments carries the files that people deploy with, so that the
// programs can bring the example catalog along.
package deployments

import (
	"embed"
	"io/fs"
)

//go:embed catalog/*.yaml
var files embed.FS

// ExampleCatalog returns the folder of the example catalog.
func ExampleCatalog() fs.FS {
	sub, err := fs.Sub(files, "catalog")
	if err != nil {
		panic(err) // the folder is embedded: cannot happen
	}
	return sub
}
