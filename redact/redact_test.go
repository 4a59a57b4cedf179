package redact_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/redact"
)

func TestSecretsAreRemoved(t *testing.T) {
	for text, want := range map[string]string{
		"password=hunter2 user=bob":                                                      "password=[redacted] user=bob",
		`{"db_password": "hun\"ter2", "port": 5432}`:                                     `{"db_password": [redacted], "port": 5432}`,
		"API_KEY: abc123":                                                                "API_KEY: [redacted]",
		"Authorization: Bearer abcdefgh12345678":                                         "Authorization: [redacted]",
		"curl -H 'X: Bearer abcdefgh12345678'":                                           "curl -H 'X: Bearer [redacted]'",
		"postgres://tocsin:s3cret@db/x?sslmode=off":                                      "postgres://tocsin:[redacted]@db/x?sslmode=off",
		"redis://:s3cret@cache:6379":                                                     "redis://:[redacted]@cache:6379",
		"id AKIAIOSFODNN7EXAMPLE here":                                                   "id [redacted] here",
		"ghp_0123456789abcdefghij0123456789abcdef x":                                     "[redacted] x",
		"toc_" + strings.Repeat("a", 43):                                                 "[redacted]",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.abc_def-123 end":                      "[redacted] end",
		"a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nxx\n-----END RSA PRIVATE KEY-----\nb": "a\n[redacted]\nb",
		"-----BEGIN PRIVATE KEY-----\nMIIE cut off":                                      "[redacted]",
		"Set-Cookie: sid=abc; Path=/":                                                    "Set-Cookie: [redacted]; Path=/",
		"CUSTOMER-4711 paid":                                                             "[redacted] paid",

		// Authorization and cookies.
		"Authorization: Token s3cr3t0123 and more":                           "Authorization: [redacted] and more",
		"curl -H 'Authorization: ApiKey s3cr3t0123' https://x":               "curl -H 'Authorization: [redacted]' https://x",
		`{"Authorization":"Token s3cr3t","port":1}`:                          `{"Authorization":[redacted],"port":1}`,
		"Authorization: AWS4-HMAC-SHA256 Credential=x/y, Signature=s":        "Authorization: [redacted]",
		"Authorization: Digest username=\"u\", response=\"s3cr3t\"\nHost: x": "Authorization: [redacted]\nHost: x",
		"Cookie: theme=dark; sid=s3cr3t\nHost: x":                            "Cookie: [redacted]\nHost: x",
		"map[Authorization:[Bearer s3cr3t01] Cookie:[a=b; c=d] Host:[x]]":    "map[Authorization:[redacted] Cookie:[redacted] Host:[x]]",
		// Addresses.
		"postgres://shop:pre@s3cr3t@db/shop":                    "postgres://shop:[redacted]@db/shop",
		"postgres://shop:pre/s3cr3t@db/shop":                    "postgres://shop:[redacted]@db/shop",
		"redis://:a@h1:6379,redis://:b@h2:6379":                 "redis://:[redacted]@h1:6379,redis://:[redacted]@h2:6379",
		"git+https://u:s3cr3t@git.example.org/shop@main#a@b":    "git+https://u:[redacted]@git.example.org/shop@main#a@b",
		"postgres://u:s3cr3t@db/shop?contact=ana@example.org x": "postgres://u:[redacted]@db/shop?contact=ana@example.org x",
		// Values in all their forms.
		`{"body":"{\"password\":\"s3cr3t\",\"port\":1}"}`:      `{"body":"{\"password\":[redacted],\"port\":1}"}`,
		`db_password=first\ s3cr3t user=bob`:                   `db_password=[redacted] user=bob`,
		`password='it''s3cr3t' user='bob'`:                     `password=[redacted] user='bob'`,
		`password="never closed`:                               `password=[redacted]`,
		`map[password:[s3cr3t] user:[bob]]`:                    `map[password:[redacted] user:[bob]]`,
		`{"tokens":["s3cr3t", "t"],"a":["b"]}`:                 `{"tokens":[redacted],"a":["b"]}`,
		"{\"tokens\": [\n  \"s3cr3t\",\n  \"t\"\n], \"a\": 1}": "{\"tokens\": [redacted], \"a\": 1}",
		`"secret" => "s3cr3t", "a" => "b"`:                     `"secret" => [redacted], "a" => "b"`,
		"PWD={s3;cr3t};UID=shop":                               "PWD=[redacted];UID=shop",
		"secret=s3cr3t:eyJhbGciOiJI.eyJzdWIiOiIx.abc x":        "secret=[redacted] x",
		"secret=eyJhbGciOiJI.eyJzdWIiOiIx.abc:s3cr3t x":        "secret=[redacted] x",
		"token=[redacted s3cr3t":                               "token=[redacted]",
		"password: |\n  s3cr3t\n  bGluZQ==\nport: 1":           "password: [redacted]\nport: 1",
		"data:\n  password: >-\n    correct horse\n  port: 1":  "data:\n  password: [redacted]\n  port: 1",
		"password:\n  s3cr3t\nport: 1":                         "password:[redacted]\nport: 1",
		// A variable by its name, and XML.
		`{"name":"DB_PASSWORD","value":"s3cr3t"},{"name":"PORT","value":"80"}`:   `{"name":"DB_PASSWORD","value":[redacted]},{"name":"PORT","value":"80"}`,
		"{\n  \"name\": \"DB_PASS\",\n  \"value\": \"s3cr3t\"\n}":                "{\n  \"name\": \"DB_PASS\",\n  \"value\": [redacted]\n}",
		`{"log":"{\"name\":\"API_KEY\",\"value\":\"s3cr3t\"}"}`:                  `{"log":"{\"name\":\"API_KEY\",\"value\":[redacted]}"}`,
		"- name: DB_PASSWORD\n  value: s3cr3t\n- name: PORT\n  value: 80":        "- name: DB_PASSWORD\n  value: [redacted]\n- name: PORT\n  value: 80",
		"<user>shop</user><password>s3cr3t</password>":                           "<user>shop</user><password>[redacted]</password>",
		`<ns:dbPassword type="text">s3cr3t &amp; more</ns:dbPassword>`:           `<ns:dbPassword type="text">[redacted]</ns:dbPassword>`,
		"<token><![CDATA[s3cr3t]]></token>":                                      "<token>[redacted]</token>",
		"user=shop pass=s3cr3t host=db":                                          "user=shop pass=[redacted] host=db",
		"DB_PASS=s3cr3t\nSMTP_PASS: s3cr3t\nmail_pass = 's3cr3t'":                "DB_PASS=[redacted]\nSMTP_PASS: [redacted]\nmail_pass = [redacted]",
		`{"user": "shop", "pass": "s3cr3t"}`:                                     `{"user": "shop", "pass": [redacted]}`,
		"https://shop.blob.example.net/x?se=2026&sig=s3%2Bcr3t%3D&sp=r":          "https://shop.blob.example.net/x?se=2026&sig=[redacted]&sp=r",
		"https://s3.example.org/x?X-Amz-Expires=60&X-Amz-Signature=0123abcd end": "https://s3.example.org/x?X-Amz-Expires=60&X-Amz-Signature=[redacted] end",
		"encryption_key=s3cr3t port=1":                                           "encryption_key=[redacted] port=1",
		"ENCRYPTION-KEY: s3cr3t":                                                 "ENCRYPTION-KEY: [redacted]",
		"npm_" + strings.Repeat("aB3", 12) + " x":                                "[redacted] x",
		"hvs.CAESIJ0123456789abcdef_-0123 x":                                     "[redacted] x",
		"SG." + strings.Repeat("a", 22) + "." + strings.Repeat("b", 43) + " x":   "[redacted] x",
		// Commands and SQL.
		"mysql --password s3cr3t shop":                        "mysql --password [redacted] shop",
		`app --db-token "s3 cr3t" --verbose`:                  `app --db-token [redacted] --verbose`,
		"ALTER USER shop IDENTIFIED BY 's3cr3t';":             "ALTER USER shop IDENTIFIED BY [redacted];",
		"ALTER USER shop IDENTIFIED WITH sha BY 's3' REQUIRE": "ALTER USER shop IDENTIFIED WITH sha BY [redacted] REQUIRE",
		"ALTER ROLE shop PASSWORD 's3cr3t' LOGIN":             "ALTER ROLE shop PASSWORD [redacted] LOGIN",
		// The end of a private key whose beginning is missing.
		"[3 KB left out]\nMIIE\nxx==\n-----END RSA PRIVATE KEY-----\nb": "[3 KB left out]\n[redacted]\nb",
	} {
		got, found := redact.Text(text, regexp.MustCompile(`CUSTOMER-\d+`))
		require.Equal(t, want, got)
		require.Positive(t, found, text)
		again, found := redact.Text(got, regexp.MustCompile(`CUSTOMER-\d+`))
		require.Equal(t, got, again)
		require.Zero(t, found, "what was removed is not found again: %s", got)
	}
	for _, plain := range []string{
		"", "pods: 3 of 4 ready", "https://ci.example.org/job/7?x=1", "the token expired", "error 500: basic failure", "secrets are fine",
		// A port and a path are no password; nor is an address of the sixth version.
		"https://registry:4873/@scope/pkg", "http://grafana:3000/d/x?mail=ana@example.org", "http://[::1]:8080/a@b", "ssh://git@host:22/shop@v1",
		// A name without a value takes none of the next line.
		"DB_PASSWORD=\nDB_USER=shop\n", "Secrets:\n  shop: 3 keys\n  mail: 1 key",
		// A name of a group, of a file, or of a setting.
		`{"secretKeyRef": {"name": "shop", "key": "db"}}`, "--password-stdin --token-file - x", "docker login --password --help",
		"it asks for a password and a token", "the password is 'wrong'", "identified by their names", "found by 'kubelet', and identified as slow by 'ana'", "http://h:80,http://ana@h", "cookies are off", "authorization failed",
		"MIIE\nabc\n-----END CERTIFICATE-----",
		// What only looks like the name of a secret.
		"--- PASS: TestCheckout (0.01s)", "pass: 3, fail: 1", `{"pass": 3, "fail": 1}`, "bypass=true", "compass=north", "first_pass: done", "all passed=7",
		"usage: login <password> <token> [flags]", "<password></password>", "<user>shop</user>", "<passwordPolicy><min>8</min></passwordPolicy>",
		`{"name":"PORT","value":"80"}`, "- name: PORT\n  value: 80", `{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"shop"}}}`, `{"name":"shop","value":3}`,
		"npm_config_registry=https://npm.example.org", "npm_lifecycle_event_of_a_long_name", "hvs.example.org", "SG.1", "signal=9 design=new", "GET /x?significance=0.05&sort=asc",
	} {
		got, found := redact.Text(plain)
		require.Equal(t, plain, got)
		require.Zero(t, found, plain)
	}
}

func TestLongTextsAreCut(t *testing.T) {
	text := strings.Repeat("a line of thirty characters..\n", 10_000) + "the last line"
	short, cut := redact.Cut(text, 3000)
	require.True(t, cut)
	require.LessOrEqual(t, len(short), 3000)
	require.True(t, strings.HasSuffix(short, "\nthe last line"))
	require.Contains(t, short, "..\n[297.1 KB left out]\na line of")
	same, cut := redact.Cut("short", 3000)
	require.Equal(t, "short", same)
	require.False(t, cut)
}

// A cut goes through a private key, a line or a letter.
func TestNoHalfOfASecretIsShown(t *testing.T) {
	key := "-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("MIIEowIBAAKCAQEAverysecretline\n", 400) + "-----END RSA PRIVATE KEY-----\n"
	line := `{"password":"` + strings.Repeat("verysecretline", 700) + `"},`
	for name, text := range map[string]string{
		"in its middle":       strings.Repeat("a line of a log\n", 40_000/16) + key + "the end\n",
		"at its end":          strings.Repeat("a line of a log\n", 400_000/16) + key + "the end\n",
		"keys":                strings.Repeat(key, 100),
		"keys of no UTF-8":    strings.Repeat("\xff\xfe"+key, 100),
		"one line":            strings.Repeat(line, 100),
		"one line of letters": strings.Repeat(line+strings.Repeat("ü", 11), 101),
	} {
		for _, limit := range []int{100, 3000, 32 << 10} {
			short, found, cut := redact.Shorten(text, limit)
			require.LessOrEqual(t, len(short), limit, name)
			require.True(t, utf8.ValidString(short), name)
			require.NotContains(t, short, "verysecretline", name)
			require.Positive(t, found, name)
			require.True(t, cut || len(text) < 2*limit, name)
		}
	}
	short, found, cut := redact.Shorten("CUSTOMER-1 password=x", 3000, regexp.MustCompile(`CUSTOMER-\d+`))
	require.Equal(t, "[redacted] password=[redacted]", short)
	require.Equal(t, 2, found)
	require.False(t, cut)
}

// Workflows shorten what they keep: the engine leaves them a second, whatever
// the size of a text and its bytes are. (Here a busy machine has five.)
func TestAHugeTextIsShortenedInTime(t *testing.T) {
	for name, text := range map[string]string{
		"plain": "a line of a log\n", "no UTF-8": "\xff\xfe a", "one line": "x-", "secrets": `password="\`, "lines": "MIIE\n",
	} {
		text = strings.Repeat(text, 50<<20/len(text))
		began := time.Now()
		redact.Shorten(text, 32<<10)
		require.Less(t, time.Since(began), 5*time.Second, name)
	}
}

// The time grows with the text and no faster, whatever a pattern begins to see.
func TestNoPatternTakesLong(t *testing.T) {
	for _, piece := range []string{
		"a.", "password", "token=", "token=[", "token=[\n", "--token ", "-----BEGIN PRIVATE KEY-----", "a://", "a://b:c/", "a://b:c@", "eyJaaaaaaaa.",
		`"name":"password",`, "name: token\n", `"name":"token","value":"`, "<password>", "<token a", "<token>a</", "?sig=", "pass=", `"pass":"`, "npm_", "hvs.", "SG.aaaaaaaaaaaaaaaa.",
		"bearer ", "cookie: a;", "identified ", `"`, `password="\`, "password: |\n a\n", "MIIE\n", "x-",
	} {
		text := strings.Repeat(piece, 128<<10/len(piece))
		began := time.Now()
		redact.Text(text)
		require.Less(t, time.Since(began), 10*time.Second, piece)
	}
}

func FuzzText(f *testing.F) {
	f.Add("password: x\n\xff", 20)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		short, _ := redact.Cut(text, 100+limit&0xffff)
		require.LessOrEqual(t, len(short), 100+limit&0xffff)
		require.True(t, utf8.ValidString(short))
		short, _, _ = redact.Shorten(text, 100+limit&0xffff)
		require.LessOrEqual(t, len(short), 100+limit&0xffff)
		clean, _ := redact.Text(short)
		require.True(t, utf8.ValidString(clean))
	})
}
