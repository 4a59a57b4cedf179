package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/deployments"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestCatalogsAreKeptForTheTimeWithoutTheStore(t *testing.T) {
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		c, err := catalog.Load(deployments.ExampleCatalog())
		require.NoError(t, err)
		_, err = s.SaveCatalog(t.Context(), c, 0, "alice")
		require.NoError(t, err)
		catalogs := store.NewCatalogs(s)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); catalogs.Keep(ctx) }()
		require.Eventually(t, func() bool { return store.Known(catalogs) }, 10*time.Second, 10*time.Millisecond, "nobody has asked")
		cancel()
		<-ended
		require.NoError(t, s.Close())
		known, err := catalogs.Current(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, known.Version)
	})
}

func TestCatalogsFollowTheStoreAndOutliveIt(t *testing.T) {
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		catalogs := store.NewCatalogs(s)
		_, err := catalogs.Current(t.Context())
		require.Equal(t, incident.NotFound, incident.KindOf(err), "there never was one")

		c, err := catalog.Load(deployments.ExampleCatalog())
		require.NoError(t, err)
		_, err = s.SaveCatalog(t.Context(), c, 0, "alice")
		require.NoError(t, err)
		first, err := catalogs.Current(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, first.Version)

		_, err = s.SaveCatalog(t.Context(), c, 1, "alice")
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			now, err := catalogs.Current(t.Context())
			return err == nil && now.Version == 2
		}, 10*time.Second, 50*time.Millisecond, "a change is seen within seconds")

		require.NoError(t, s.Close())
		require.Never(t, func() bool {
			now, err := catalogs.Current(t.Context())
			return err != nil || now.Version != 2
		}, 3*time.Second, 100*time.Millisecond, "the last good one is used while the store is away")
	})
}
