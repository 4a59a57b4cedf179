package redis_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/redis"
	"github.com/tocsinhq/tocsin/integrations/redis/redistest"
	"github.com/tocsinhq/tocsin/systems"
)

func open(t *testing.T, addr string, change func(c *redis.Config)) *redis.System {
	t.Helper()
	config := redis.Config{Name: "sessions", Addr: addr, Prefixes: []string{"cache:", "tmp*"}, MaxKeys: 5000, KeysPerSecond: 1_000_000}
	if change != nil {
		change(&config)
	}
	s, err := redis.New(config)
	require.NoError(t, err)
	return s
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// set sets keys cache:0, cache:1 and so on.
func set(t *testing.T, c *client.Client, prefix string, n int) {
	t.Helper()
	pipe := c.Pipeline()
	for i := range n {
		pipe.Set(t.Context(), prefix+strconv.Itoa(i), "x", 0)
	}
	_, err := pipe.Exec(t.Context())
	require.NoError(t, err)
}

func quiet(int) {}

// remove counts keys and deletes them.
func remove(t *testing.T, s *redis.System, prefix string, most int) (systems.RedisSwept, error) {
	t.Helper()
	count, err := s.Count(t.Context(), prefix, quiet)
	require.NoError(t, err)
	return s.Delete(t.Context(), systems.RedisKeys{Prefix: prefix, Most: most, Covers: count.Covers}, quiet)
}

func TestCountAndDelete(t *testing.T) {
	t.Parallel()
	addr := redistest.Start(t)
	c := redistest.Client(t, addr)
	set(t, c, "cache:user:", 3210)
	set(t, c, "cache:users", 10)
	set(t, c, "other:", 50)
	require.NoError(t, c.HSet(t.Context(), "cache:user:hash", "a", 1).Err())
	require.NoError(t, c.RPush(t.Context(), "cache:user:list", "a").Err())
	s := open(t, addr, nil)
	var told []int
	count, err := s.Count(t.Context(), "cache:user:", func(n int) { told = append(told, n) })
	require.NoError(t, err)
	require.NotEmpty(t, told)
	require.NotEmpty(t, count.Covers)
	count.Covers = ""
	require.Equal(t, systems.RedisCount{Keys: 3212, Of: 3272, Limit: 5000, Rate: 1_000_000}, count)

	told = nil
	plan, err := s.Count(t.Context(), "cache:user:", quiet)
	require.NoError(t, err)
	swept, err := s.Delete(t.Context(), systems.RedisKeys{Prefix: "cache:user:", Most: 5000, Covers: plan.Covers}, func(n int) { told = append(told, n) })
	require.NoError(t, err)
	require.Equal(t, systems.RedisSwept{Deleted: 3212, Whole: true}, swept)
	require.IsIncreasing(t, []int{told[0], told[len(told)-1]})
	left, err := c.DBSize(t.Context()).Result()
	require.NoError(t, err)
	require.EqualValues(t, 60, left)
	swept, err = remove(t, s, "cache:user:", 5000)
	require.NoError(t, err)
	require.Equal(t, systems.RedisSwept{Whole: true}, swept, "deleting again does nothing")
}

// TestAPrefixIsNoPattern: what means something in a pattern is taken for itself.
func TestAPrefixIsNoPattern(t *testing.T) {
	t.Parallel()
	addr := redistest.Start(t)
	c := redistest.Client(t, addr)
	hostile := []string{"cache:*", "cache:?", "cache:[a-z]", "cache:[^a]", `cache:\`, `cache:\*`, "tmp*"}
	for _, key := range append(hostile, "cache:a", "cache:b:c", "other", "tmpa") {
		require.NoError(t, c.Set(t.Context(), key, "x", 0).Err())
	}
	s := open(t, addr, nil)
	for prefix, want := range map[string]int{
		"cache:*": 1, "cache:?": 1, "cache:[": 2, "cache:[a-z]": 1, "cache:[^a]": 1, `cache:\`: 2, `cache:\*`: 1, "tmp*": 1, "cache:": 8,
	} {
		count, err := s.Count(t.Context(), prefix, quiet)
		require.NoError(t, err)
		require.Equal(t, want, count.Keys, prefix)
	}
	for _, key := range hostile[:4] {
		_, err := remove(t, s, key, 100)
		require.NoError(t, err)
	}
	left, err := c.Exists(t.Context(), "cache:a", "cache:b:c", "other", "tmpa").Result()
	require.NoError(t, err)
	require.EqualValues(t, 4, left)
}

func TestPrefixesThatAreNotAllowed(t *testing.T) {
	t.Parallel()
	s := open(t, redistest.Port(t), nil)
	for prefix, kind := range map[string]incident.Kind{
		"": incident.Invalid, "cache: x": incident.Invalid, "cache:\n": incident.Invalid, "cache:ü": incident.Invalid,
		"cache": incident.Forbidden, "*": incident.Forbidden, "other:": incident.Forbidden, "tmp": incident.Forbidden, "CACHE:": incident.Forbidden,
	} {
		_, err := s.Count(t.Context(), prefix, quiet)
		require.Equal(t, kind, incident.KindOf(err), "%q: %v", prefix, err)
		_, err = s.Delete(t.Context(), systems.RedisKeys{Prefix: prefix, Most: 1}, quiet)
		require.Equal(t, kind, incident.KindOf(err), "%q: %v", prefix, err)
	}
}

func TestTheLimit(t *testing.T) {
	t.Parallel()
	addr := redistest.Start(t)
	c := redistest.Client(t, addr)
	set(t, c, "cache:", 5001)
	s := open(t, addr, nil)
	count, err := s.Count(t.Context(), "cache:", quiet)
	require.NoError(t, err)
	require.True(t, count.More)
	require.Equal(t, 5000, count.Keys)
	swept, err := remove(t, s, "cache:", 1234)
	require.NoError(t, err)
	require.Equal(t, systems.RedisSwept{Deleted: 1234}, swept, "it stops where it may delete no more")
	left, err := c.DBSize(t.Context()).Result()
	require.NoError(t, err)
	require.EqualValues(t, 5001-1234, left)
	for _, keys := range []systems.RedisKeys{
		{Prefix: "cache:", Most: 5001, Covers: count.Covers}, {Prefix: "cache:", Covers: count.Covers}, {Prefix: "cache:", Most: 10, Covers: "another"},
	} {
		_, err = s.Delete(t.Context(), keys, quiet)
		require.Equal(t, incident.Conflict, incident.KindOf(err))
	}
}

func TestThePace(t *testing.T) {
	t.Parallel()
	addr := redistest.Start(t)
	set(t, redistest.Client(t, addr), "cache:", 300)
	s := open(t, addr, func(c *redis.Config) { c.KeysPerSecond = 200 })
	start, most := time.Now(), 0
	count, err := s.Count(t.Context(), "cache:", quiet)
	require.NoError(t, err)
	swept, err := s.Delete(t.Context(), systems.RedisKeys{Prefix: "cache:", Most: 300, Covers: count.Covers}, func(n int) {
		most = max(most, n-int(time.Since(start).Seconds()*200))
	})
	require.NoError(t, err)
	require.Equal(t, 300, swept.Deleted)
	require.GreaterOrEqual(t, time.Since(start), 1400*time.Millisecond, "300 keys at 200 a second")
	require.LessOrEqual(t, most, 21, "never more than a batch ahead")
}

// TestKeysThatAreSetMeanwhile need not be deleted; those that were there are.
func TestKeysThatAreSetMeanwhile(t *testing.T) {
	t.Parallel()
	addr := redistest.Start(t)
	c := redistest.Client(t, addr)
	set(t, c, "cache:old:", 3000)
	s := open(t, addr, nil)
	count, err := s.Count(t.Context(), "cache:", quiet)
	require.NoError(t, err)
	added := 0
	swept, err := s.Delete(t.Context(), systems.RedisKeys{Prefix: "cache:", Most: 5000, Covers: count.Covers}, func(int) {
		set(t, c, fmt.Sprintf("cache:new:%d:", added), 10)
		added++
	})
	require.NoError(t, err)
	require.True(t, swept.Whole)
	old, err := c.Keys(t.Context(), "cache:old:*").Result()
	require.NoError(t, err)
	require.Empty(t, old)
}

func TestServersThatDoNotLetIn(t *testing.T) {
	t.Parallel()
	addr := redistest.Start(t, "--requirepass", "hunter2", "--user", "reader", "on", ">reader", "~*", "+@read", "+hello", "+dbsize")
	count := func(change func(c *redis.Config)) (*redis.System, systems.RedisCount, error) {
		s := open(t, addr, change)
		got, err := s.Count(t.Context(), "cache:", quiet)
		return s, got, err
	}
	_, _, err := count(nil)
	require.Equal(t, incident.Forbidden, incident.KindOf(err), "%v", err)
	_, _, err = count(func(c *redis.Config) { c.PasswordFile = file(t, "hunter3") })
	require.Equal(t, incident.Forbidden, incident.KindOf(err), "%v", err)
	require.NotContains(t, err.Error(), "hunter")
	_, _, err = count(func(c *redis.Config) { c.PasswordFile = file(t, "hunter2") })
	require.NoError(t, err)
	s, got, err := count(func(c *redis.Config) { c.Username, c.PasswordFile = "reader", file(t, "reader") })
	require.NoError(t, err)
	admin := client.NewClient(&client.Options{Addr: addr, Password: "hunter2"})
	defer func() { require.NoError(t, admin.Close()) }()
	set(t, admin, "cache:", 3)
	_, err = s.Delete(t.Context(), systems.RedisKeys{Prefix: "cache:", Most: 10, Covers: got.Covers}, quiet)
	require.Equal(t, incident.Forbidden, incident.KindOf(err), "%v", err)
}

func TestServersThatCannotBeGoneThrough(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	host, port, err := net.SplitHostPort(master)
	require.NoError(t, err)
	for want, addr := range map[string]string{
		`part of a "cluster"`: redistest.Start(t, "--cluster-enabled", "yes"),
		`is a "replica"`:      redistest.Start(t, "--replicaof", host+" "+port),
	} {
		_, err := open(t, addr, nil).Count(t.Context(), "cache:", quiet)
		require.Equal(t, incident.Refused, incident.KindOf(err), "%v", err)
		require.ErrorContains(t, err, want)
	}
	nobody := open(t, redistest.Port(t), nil)
	_, err = nobody.Count(t.Context(), "cache:", quiet)
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
	require.EqualError(t, err, "sessions cannot be reached: connection refused")
	count, err := open(t, master, nil).Count(t.Context(), "cache:", quiet)
	require.NoError(t, err)
	_, err = open(t, master, nil).Delete(t.Context(), systems.RedisKeys{Prefix: "cache:", Most: 1, Covers: count.Covers}, quiet)
	require.NoError(t, err)
}

// TestADeletionThatBreaksOff: once something was deleted its outcome is unknown.
func TestADeletionThatBreaksOff(t *testing.T) {
	t.Parallel()
	addr := redistest.Start(t)
	c := redistest.Client(t, addr)
	set(t, c, "cache:", 1000)
	s := open(t, addr, func(c *redis.Config) { c.KeysPerSecond = 1000 })
	count, err := s.Count(t.Context(), "cache:", quiet)
	require.NoError(t, err)
	keys := systems.RedisKeys{Prefix: "cache:", Most: 1000, Covers: count.Covers}
	ctx, cancel := context.WithCancel(t.Context())
	swept, err := s.Delete(ctx, keys, func(n int) {
		if n > 0 {
			cancel()
		}
	})
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "keys or more were deleted before")
	require.Positive(t, swept.Deleted)
	require.Less(t, swept.Deleted, 1000)

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Delete(cancelled, keys, quiet)
	require.Equal(t, incident.Permanent, incident.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "nothing was deleted")
}

func TestTLS(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	tls := redistest.Port(t)
	_, port, err := net.SplitHostPort(tls)
	require.NoError(t, err)
	redistest.Start(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	s := open(t, tls, func(c *redis.Config) { c.TLS, c.CAFile = true, cert })
	_, err = s.Count(t.Context(), "cache:", quiet)
	require.NoError(t, err)
	_, err = open(t, tls, func(c *redis.Config) { c.TLS = true }).Count(t.Context(), "cache:", quiet)
	require.ErrorContains(t, err, "its certificate is not trusted")
}

func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	pkcs, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		file(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs})))
}

func TestBadConfigurations(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(c *redis.Config){
		"correct addr":                 func(c *redis.Config) { c.Addr = "redis" },
		"correct database":             func(c *redis.Config) { c.Database = -1 },
		"ca_file goes with tls":        func(c *redis.Config) { c.CAFile = "x" },
		"list the prefixes":            func(c *redis.Config) { c.Prefixes = nil },
		"correct prefixes":             func(c *redis.Config) { c.Prefixes = []string{"cache:", ""} },
		"at least 2 characters":        func(c *redis.Config) { c.Prefixes = []string{"c"} },
		"correct max_keys":             func(c *redis.Config) { c.MaxKeys = -1 },
		"take longer than 10 minutes":  func(c *redis.Config) { c.MaxKeys, c.KeysPerSecond = 1_000_000, 100 },
		"password_file names a file":   func(c *redis.Config) { c.PasswordFile = "/nowhere" },
		"ca_file holds no certificate": func(c *redis.Config) { c.TLS, c.CAFile = true, file(t, "x") },
	} {
		config := redis.Config{Name: "sessions", Addr: "redis.example.org:6379", Prefixes: []string{"cache:"}}
		change(&config)
		_, err := redis.New(config)
		require.Equal(t, incident.Invalid, incident.KindOf(err), want)
		require.ErrorContains(t, err, want)
	}
}
