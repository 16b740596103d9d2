package conf

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The canary in a file, as a credential and in the environment, in places where
// it is right and in places where it is wrong: no text has it.
func TestSecretsShowNowhere(t *testing.T) {
	for name, canary := range map[string]string{
		"plain": "canary-5f2e", "with quotes": `can"ary\5f2e`, "with lines": "-----BEGIN\ncanary\x1b5f2e\n-----END",
		"long": strings.Repeat("canary-5f2e", 50), "short": "q7",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, file := range []string{"secret", "credential"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(canary+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			env := []string{"CREDENTIALS_DIRECTORY=" + dir, "KAFKA_PASSWORD=" + canary}
			for _, reference := range []string{"${file:secret}", "${credential:credential}", "${KAFKA_PASSWORD}", "x${file:secret}y"} {
				for _, line := range []string{
					"kafka: {brokers: [a:1], group: g, properties: {security.protocol: sasl_ssl, sasl.mechanism: PLAIN, sasl.username: u, sasl.password: %s}}",
					"kafka: {brokers: [a:1], group: g, properties: {security.protocol: ssl, ssl.key.pem: %s}}",
					"kafka: {brokers: [a:1], group: g, properties: {security.protocol: %s}}",
					"kafka: {brokers: [a:1], group: g, properties: {security.protocol: sasl_ssl, sasl.mechanism: %s, sasl.username: x}}",
					"kafka: {brokers: [a:1], group: g, properties: {session.timeout.ms: %s, debug: %s}}",
					"kafka: {brokers: [%s], group: %s, start: %s, assignor: %s}",
					"settings: {source: %s}",
					"topics: {orders: {handler: %s, order: %s}}",
					"handlers: {h: {noop: {}, slots: %s, timeout: %s, retry: {attempts: %s}}}",
					"handlers: {h: {http: %s}}",
					"handlers: {h: {http: \"http://u:%s@x/\"}}",
					"handlers: {h: {exec: [cat, %s], audit: %s}}",
					"handlers: {h: {exec: [cat], process: {env: {TOKEN: %s, A-B: %s}, memory: %s, nice: %s}}}",
					"handlers: {h: {http: \"https://x/\", http_options: {token_file: %s, ca_file: %s, cert_file: %s}}}",
					"handlers: {h: {forward: {topic: %s}}}",
					"handlers: {h: {plugin: %s, args: [%s]}}", "plugin_dir: %s",
					"handlers: {h: {plugin: p, settings: {password: %s, table: %s}, process: {env: {A: %s}}}}",
					"handlers: {h: {plugin: p, settings: {a: [%s]}, process: {env: {PLUGIN_A: %s, a-b: %s}, nice: %s, memory: %s}}}",
					"handlers: {h: {noop: {}, args: [%s], settings: {a: %s}, process: {env: {A: %s}}}}",
					"policy: {mode: %s}", "drain: %s", "gate: %s", "control: %s", "state_dir: %s",
					"console: {listen: %s, token_file: %s}", "log: {level: %s, rooms: {kafka: %s}}",
				} {
					text := replaced(strings.ReplaceAll(line, "%s", `"`+reference+`"`))
					text = strings.ReplaceAll(text, `:"`+reference+`"@`, ":"+reference+"@")
					path := filepath.Join(dir, "boostd.yaml")
					if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
					loaded, err := Read(path, Options{Environ: env})
					shown := fmt.Sprint(loaded.Values, loaded.Warnings, err)
					document, jsonErr := json.Marshal([]any{loaded.Values, loaded.Warnings, err})
					if jsonErr != nil {
						t.Fatal(jsonErr)
					}
					for _, secret := range []string{canary, canary[:min(len(canary), 11)], "5f2e"} {
						if strings.Contains(canary, secret) && (strings.Contains(shown, secret) || strings.Contains(string(document), secret)) {
							t.Errorf("%s\nshows %q in\n%s\n%s", text, secret, shown, document)
						}
					}
				}
			}
		})
	}
}

func TestReferences(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
	}
	file("secret", "s\n", 0o600)
	file("two", "s\n\n", 0o600)
	file("windows", "s\r\n", 0o600)
	file("open", "s", 0o644)
	file("empty", "\n", 0o600)
	file("nul", "a\x00b", 0o600)
	file("large", strings.Repeat("x", maxSecret+1), 0o600)
	env := []string{"NAME=n", "EMPTY=", "CREDENTIALS_DIRECTORY=" + dir}
	for _, c := range []struct {
		group, want, wrong string
		warning            bool
		env                []string
	}{
		{group: "${NAME}${EMPTY}", want: "n"},
		{group: "${file:secret}", want: "s"},
		{group: "${file:" + dir + "/secret}", want: "s"},
		{group: "a-${credential:secret}-b", want: "a-s-b"},
		{group: "${credential:open}", want: "s"}, // systemd has seen to its mode
		{group: "${file:two}", want: "s\n"},
		{group: "${file:windows}", want: "s"},
		{group: "${file:open}", want: "s", warning: true},
		{group: "$${NAME}", want: "${NAME}"},
		{group: "$NAME $ {x} } $", want: "$NAME $ {x} } $"},
		{group: "${NAME}$${NAME}${NAME}", want: "n${NAME}n"},
		{group: "${ABSENT}", wrong: "environment variable ABSENT is not set"},
		{group: "${file:absent}", wrong: "file " + dir + "/absent can't be read: no such file or directory"},
		{group: "${file:.}", wrong: "file " + dir + " can't be read: it is no ordinary file"},
		{group: "${file:empty}", wrong: "file " + dir + "/empty is empty"},
		{group: "${file:nul}", wrong: "file " + dir + "/nul has a NUL byte in it, which no value can have"},
		{group: "${file:large}", wrong: "file " + dir + "/large is larger than 65536 bytes"},
		{group: "${credential:absent}", wrong: "file " + dir + "/absent can't be read: no such file or directory"},
		{group: "${credential:../x}", wrong: `"../x" is no name of a credential`},
		{group: "${credential:x}", env: []string{}, wrong: `there is no credential "x": systemd gives credentials to a unit with LoadCredential=x:PATH; elsewhere use ${file:PATH}`},
		{group: "${NAME:-x}", wrong: "${NAME:-x} refers to nothing: want ${NAME}, ${file:PATH} or ${credential:NAME}; where the characters are meant, write $${"},
		{group: "${}", wrong: "${} refers to nothing: want ${NAME}, ${file:PATH} or ${credential:NAME}; where the characters are meant, write $${"},
		{group: "${NAME", wrong: "${ has no }; where the two characters are meant, write $${"},
	} {
		path := filepath.Join(dir, "boostd.yaml")
		if err := os.WriteFile(path, []byte(replaced("kafka: {brokers: [a:1], group: '"+c.group+"'}")), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.env == nil {
			c.env = env
		}
		loaded, err := Read(path, Options{Environ: c.env})
		switch {
		case c.wrong != "":
			if want := path + ":4:32: kafka.group: " + c.wrong; err == nil || err.Error() != want {
				t.Errorf("%s: error %v, want %s", c.group, err, want)
			}
		case err != nil:
			t.Errorf("%s: %v", c.group, err)
		case loaded.File.Kafka.Group != c.want:
			t.Errorf("%s: %q, want %q", c.group, loaded.File.Kafka.Group, c.want)
		}
		if got := len(loaded.Warnings) > 0; got != c.warning {
			t.Errorf("%s: warnings %v", c.group, loaded.Warnings)
		}
	}
}

// A short file can't stand for more than there is memory.
func TestReferencesAreBounded(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s"), []byte(strings.Repeat("x", maxSecret)), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "boostd.yaml")
	if err := os.WriteFile(path, []byte(replaced("kafka: {brokers: [a:1], group: '"+strings.Repeat("${file:s}", 50_000)+"'}")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, Options{}); err == nil || !strings.Contains(err.Error(), "the references in this file stand for more than 4194304 bytes") {
		t.Errorf("error %.200v", err)
	}
}

// What is no secret is shown as it is.
func TestValuesAreShown(t *testing.T) {
	path := write(t, "boostd.yaml", replaced("kafka: {brokers: [a:1], group: \"${HOST}-x\", properties: {sasl.username: u, sasl.mechanism: PLAIN, sasl.password: p, security.protocol: sasl_ssl}}"))
	loaded, err := Read(path, Options{Environ: []string{"HOST=h"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range loaded.Values {
		got = append(got, v.Path+"="+v.String())
	}
	for _, want := range []string{"kafka.group=h-x", "kafka.brokers=[a:1]", "kafka.properties.sasl.username=u", "kafka.properties.sasl.password=******", "handlers.h.noop={}", "handlers.h.slots=16"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q isn't among %q", want, got)
		}
	}
}

// What a plugin is given is shown nowhere, whatever it is called and wherever it is
// from, and arrives whole.
func TestWhatPluginsAreGivenIsMasked(t *testing.T) {
	path := write(t, "boostd.yaml", replaced("handlers: {h: {plugin: p, settings: {table: canary, url: \"x${HOST}\", short: q7}, process: {env: {MODE: canary}}}}"))
	loaded, err := Read(path, Options{Environ: []string{"HOST=canary"}, Set: []string{"handlers.h.settings.more=canary"}})
	if err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal([]any{loaded.Values, loaded.File.Handlers})
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s", loaded.Values, loaded.File.Handlers, loaded.File.Handlers["h"].Settings, document)
	if strings.Contains(shown, "canary") || strings.Contains(shown, "q7") || strings.Count(string(document), mask) < 5 {
		t.Errorf("shown is %s", shown)
	}
	h := loaded.File.Handlers["h"]
	if got := h.Settings["table"].Reveal() + h.Settings["url"].Reveal() + h.Settings["more"].Reveal() + h.Process.Env["MODE"].Reveal(); got != "canaryxcanarycanarycanary" {
		t.Errorf("the plugin gets %s", got)
	}
}

// What the client says about a secret could show it cut off: it is withheld.
func TestTheClientsWordsAboutASecretAreWithheld(t *testing.T) {
	path := write(t, "boostd.yaml", replaced("kafka: {brokers: [a:1], group: g, properties: {security.protocol: ssl, ssl.key.pem: canary}}"))
	_, err := Read(path, Options{})
	if want := path + ":4:85: kafka.properties.ssl.key.pem: the Kafka client doesn't accept its value"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
