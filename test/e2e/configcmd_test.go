package e2e

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// configFile writes a boostd.yaml into a folder of its own and returns its path.
func configFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "boostd.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const goodConfig = `kafka: {brokers: [localhost:9092], group: g}
settings: {source: file:settings.json}
topics: {orders: {handler: h}}
handlers: {h: {noop: {}}}
`

// What init writes is valid, and nothing that is there is overwritten.
func TestConfigInit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "boostd.yaml")
	p := rig.Spawn(t, "config", "init", path)
	exits(t, p, p.Wait(rig.Patience), 0)
	says(t, p, "wrote "+path, "boostd config validate -c "+path)
	p = rig.Spawn(t, "config", "validate", "-c", path)
	exits(t, p, p.Wait(rig.Patience), 0)
	if p.Output() != path+" is valid\n" {
		t.Errorf("output %q", p.Output())
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p = rig.Spawn(t, "config", "init")
	exits(t, p, p.Wait(rig.Patience), 0)
	if p.Stdout() != string(written) {
		t.Error("standard output isn't what is written to a file")
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	p = rig.Spawn(t, "config", "init", path)
	exits(t, p, p.Wait(rig.Patience), 1)
	says(t, p, path, "exists already")
	if kept, err := os.ReadFile(path); err != nil || string(kept) != "mine" {
		t.Errorf("the file has %q now (%v)", kept, err)
	}
}

// Everything that is wrong comes in lines that an editor can follow, or as one
// document.
func TestConfigValidate(t *testing.T) {
	t.Parallel()
	path := configFile(t, strings.Replace(goodConfig, "noop: {}", "noop: {}, slot: 5", 1)+"drain: 40s\ngate: maybe\n")
	wrong := []string{
		path + `:4:26: handlers.h.slot: unknown key, did you mean "slots"?`,
		path + `:6:7: gate: "maybe": want on or off`,
		`--set kafka.gruop: unknown key, did you mean "group"?`,
	}
	p := rig.Spawn(t, "config", "validate", "-c", path, "--set", "kafka.gruop=x")
	exits(t, p, p.Wait(rig.Patience), 78)
	says(t, p, append(wrong, "warning: "+path+":5:8: drain: 40s: ", "boostd: "+path+" has 3 problems")...)
	if p.Stdout() != "" {
		t.Errorf("standard output has %q", p.Stdout())
	}
	p = rig.Spawn(t, "config", "validate", "-c", path, "--set", "kafka.gruop=x", "--json")
	exits(t, p, p.Wait(rig.Patience), 78)
	var document struct {
		File     string
		Valid    bool
		Problems []struct {
			File, Override, Key, Text string
			Line, Column              int
		}
		Warnings []struct{ Key string }
	}
	if err := json.Unmarshal([]byte(p.Stdout()), &document); err != nil {
		t.Fatal(err)
	}
	if document.Valid || document.File != path || len(document.Problems) != 3 || len(document.Warnings) != 1 || document.Warnings[0].Key != "drain" {
		t.Errorf("document %+v", document)
	}
	if first := document.Problems[0]; first.Line != 4 || first.Column != 26 || first.Key != "handlers.h.slot" || first.File != path {
		t.Errorf("problem %+v", first)
	}
	p = rig.Spawn(t, "config", "show", "-c", path)
	exits(t, p, p.Wait(rig.Patience), 78)
	says(t, p, wrong[:2]...)
	p = rig.Spawn(t, "config", "validate", "-c", configFile(t, goodConfig), "--json")
	exits(t, p, p.Wait(rig.Patience), 0)
	says(t, p, `"valid": true`, `"problems": []`, `"warnings": []`)
}

// A look at the file is no more than that: no broker hears of it, no port and no
// socket is opened, no folder is made.
func TestConfigValidateTouchesNothing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	path := configFile(t, strings.Replace(goodConfig, "localhost:9092", l.Addr().String(), 1)+
		"control: run/b.sock\nstate_dir: state\nconsole: {listen: \""+l.Addr().String()+"\"}\n")
	for _, command := range []string{"validate", "show"} {
		p := rig.Spawn(t, "config", command, "-c", path)
		exits(t, p, p.Wait(rig.Patience), 0)
	}
	if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if conn, err := l.Accept(); err == nil {
		conn.Close()
		t.Error("somebody connected")
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("the folder has %v (%v)", files, err)
	}
}

func TestConfigShow(t *testing.T) {
	t.Setenv("BOOSTD_HANDLERS_H_SLOTS", "7")
	t.Setenv("BOOSTD_HANDLERS_H_TIMOUT", "7s")
	path := configFile(t, goodConfig)
	p := rig.Spawn(t, "config", "show", "-c", path, "--set", "gate=off", "--json")
	exits(t, p, p.Wait(rig.Patience), 0)
	says(t, p, `warning: BOOSTD_HANDLERS_H_TIMOUT: has no effect: there is no such key, did you mean "BOOSTD_HANDLERS_H_TIMEOUT"?`)
	var document struct {
		Values []struct {
			Key, From string
			Value     any
		}
	}
	if err := json.Unmarshal([]byte(p.Stdout()), &document); err != nil {
		t.Fatal(err)
	}
	from := map[string]any{}
	for _, v := range document.Values {
		from[v.Key] = v.From
		if v.Key == "handlers.h.slots" && v.Value != 7.0 {
			t.Errorf("%s is %v", v.Key, v.Value)
		}
	}
	for key, want := range map[string]string{
		"kafka.group": path + ":1:43", "gate.pausing": "--set", "handlers.h.slots": "BOOSTD_HANDLERS_H_SLOTS", "drain": "default",
	} {
		if from[key] != want {
			t.Errorf("%s comes from %v, want %s", key, from[key], want)
		}
	}
}

func TestConfigSchema(t *testing.T) {
	t.Parallel()
	p := rig.Spawn(t, "config", "schema")
	exits(t, p, p.Wait(rig.Patience), 0)
	published, err := os.ReadFile("../../conf/boostd.schema.json")
	if err != nil || p.Stdout() != string(published) {
		t.Errorf("it isn't conf/boostd.schema.json (%v)", err)
	}
}

func TestConfigWrongUsage(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"config valdate":                    `did you mean "validate"?`,
		"config validate":                   "boostd config validate -c boostd.yaml",
		"config validate x":                 "boostd config validate --help",
		"config show -c x --nonsense":       "--nonsense",
		"config init a b":                   "boostd config init --help",
		"config schema x":                   "boostd config schema --help",
		"config validate -c x --set":        "--set",
		"config show --set kafka.group=new": "boostd config show -c boostd.yaml",
	} {
		p := rig.Spawn(t, strings.Fields(args)...)
		exits(t, p, p.Wait(rig.Patience), 64)
		says(t, p, want)
	}
}

// A canary as a secret from each source, in a file that is right and in one that
// is wrong: no command's output has it.
func TestConfigCommandsShowNoSecret(t *testing.T) {
	const canary = "canary-b01d"
	t.Setenv("BOOSTD_CANARY", canary)
	t.Setenv("BOOSTD_KAFKA_PRODUCER_PROPERTIES_SSL_KEY_PASSWORD", canary)
	folder := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", folder)
	for _, name := range []string{"password", "credential"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(canary+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, reference := range []string{"${file:" + folder + "/password}", "${credential:credential}", "${BOOSTD_CANARY}"} {
		text := strings.Replace(goodConfig, "group: g}", `group: g, properties: {security.protocol: sasl_ssl, sasl.mechanism: PLAIN, sasl.username: u, sasl.password: "`+reference+
			`"}, producer_properties: {ssl.key.password: x}}`, 1)
		for _, c := range []struct {
			text string
			code int
		}{{text, 0}, {text + "gate: \"" + reference + "\"\n", 78}} {
			path := configFile(t, c.text)
			for _, args := range []string{"validate", "validate --json", "show", "show --json"} {
				p := rig.Spawn(t, append([]string{"config"}, strings.Fields(args+" -c "+path)...)...)
				exits(t, p, p.Wait(rig.Patience), c.code)
				if p.Says(canary) {
					t.Errorf("%s shows the secret", args)
				}
			}
		}
	}
	p := rig.Spawn(t, "config", "validate", "-c", configFile(t, goodConfig), "--set", "kafka.properties.sasl.password="+canary)
	exits(t, p, p.Wait(rig.Patience), 78)
	says(t, p, "--set kafka.properties.sasl.password: is a secret")
	if p.Says(canary) {
		t.Error("a secret on the command line is repeated")
	}
}
