package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/rig"
)

// A secret reaches the Kafka client and nobody else: not the log at its most
// talkative, not status, metrics or the configuration that is shown, not the
// process's arguments or environment, not a handler's program.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	cluster := kafkatest.New(t, kafkatest.Options{Security: true})
	secure := cluster.Secure()
	u := secure.Scram256
	const token = "canary-token-5f1d"
	for _, source := range []string{"file", "credential"} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			reference := map[string]string{"file": "${file:password}", "credential": "${credential:password}"}[source]
			s := rig.Plan(t, secure.SASLPlaintext, rig.Options{Min: 10, Partitions: 1,
				Handler: `exec: [sh, -c, 'env >&2; tr "\0" "\n" </proc/$PPID/cmdline >&2; exec cat >/dev/null'], slots: 1, timeout: 2s`,
				Extra:   "drain: 100ms\nconsole: {listen: 127.0.0.1:0, token_file: token}"})
			s.WriteFile(t, "password", u.Password+"\n")
			s.WriteFile(t, "token", token+"\n")
			s.Kafka = "  properties:\n    security.protocol: sasl_plaintext\n    sasl.mechanism: " + u.Mechanism +
				"\n    sasl.username: " + u.Name + "\n    sasl.password: " + reference + "\n"
			s.WriteConfig(t)
			environ := []string{"CREDENTIALS_DIRECTORY=" + s.Dir}
			p := s.SpawnWith(t, environ, "--log-level", "trace")
			rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
			s.Config.Properties = map[string]string{"security.protocol": "sasl_plaintext", "sasl.mechanism": u.Mechanism,
				"sasl.username": u.Name, "sasl.password": u.Password}
			s.Load(t).Fill(10, 1, 100)
			rig.Eventually(t, "the program shows what it sees", func() bool { return p.Says("PATH=", "boostd.yaml") })
			outputs := map[string]string{}
			for _, args := range [][]string{{"status"}, {"status", "--json"}, {"levels"}} {
				out, _ := s.Command(t, args...)
				outputs[strings.Join(args, " ")] = out.Output()
			}
			for _, args := range [][]string{{"config", "show"}, {"config", "show", "--json"}, {"config", "validate"}, {"config", "check"}} {
				out := rig.SpawnEnv(t, environ, append(args, "-c", s.Path())...)
				out.Wait(rig.Patience)
				outputs[strings.Join(args, " ")] = out.Output()
			}
			address := consoleAddress(t, p)
			if code, _ := get(t, address, "/metrics"); code != 401 {
				t.Errorf("/metrics without the token: %d", code)
			}
			for _, name := range []string{"cmdline", "environ"} {
				text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID()), name))
				if err != nil {
					t.Fatal(err)
				}
				outputs[name] = string(text)
			}
			p.Terminate()
			outputs["log"] = p.Output()
			for name, text := range outputs {
				if text == "" {
					t.Errorf("%s is empty", name)
				}
				for _, secret := range []string{u.Password, token} {
					if strings.Contains(text, secret) {
						t.Errorf("%s shows a secret", name)
					}
				}
			}
			if !strings.Contains(outputs["config show"], "******") {
				t.Error("config show masks nothing")
			}
		})
	}
}
