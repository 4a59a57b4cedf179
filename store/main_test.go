package store_test

import (
	"os"
	"testing"
	"time"

	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

// noon is when things happen in these tests; it has more digits than a
// database keeps.
func noon() time.Time { return time.Date(2026, 3, 29, 12, 0, 0, 123456789, time.UTC) }
