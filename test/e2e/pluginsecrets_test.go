package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// What a plugin is given is shown to nobody else: not in the log at its most talkative,
// not in status, lists or the configuration that is shown, not in its arguments; and of
// the daemon's own environment it sees nothing.
func TestPluginSettingsStaySecret(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := newShop(t, c, "1ms")
		const setting, variable, own = "canary-setting-1b", "canary-variable-2c", "canary-own-3d"
		s.Handler = fmt.Sprintf(`plugin: noter, args: [--an-argument], settings: {takes: 1ms, table: %s, journal: %q}, process: {env: {TOKEN: "${file:token}"}}`, setting, s.journal)
		s.WriteFile(t, "token", variable+"\n")
		s.WriteConfig(t)
		p := s.SpawnWith(t, []string{"AWS_SECRET_ACCESS_KEY=" + own}, "--log-level", "trace")
		s.Load(t).Fill(10, 5, 100)
		rig.Eventually(t, "messages are handled", func() bool {
			text, err := os.ReadFile(s.journal)
			return err == nil && strings.Count(string(text), "\n") == 5
		})
		outputs := map[string]string{}
		for _, args := range [][]string{{"status"}, {"status", "--json"}, {"handlers", "list"}, {"handlers", "list", "--json"}, {"handlers", "replace", "work"}} {
			out, _ := s.Command(t, args...)
			outputs[strings.Join(args, " ")] = out.Output()
		}
		for _, args := range [][]string{{"config", "show"}, {"config", "show", "--json"}, {"config", "validate"}} {
			out, _ := rig.Boostd(t, append(args, "-c", s.Path())...)
			outputs[strings.Join(args, " ")] = out.Output()
		}
		environ := ""
		for _, name := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", *s.process(t).PID, name))
			if err != nil {
				t.Fatal(err)
			}
			if name == "environ" {
				environ = string(text)
			} else {
				outputs[name] = string(text)
			}
		}
		if !strings.Contains(outputs["cmdline"], "--an-argument") || !strings.Contains(environ, "TOKEN="+variable) || strings.Contains(environ, setting) || strings.Contains(environ, own) {
			t.Errorf("its arguments are %q, its environment %q", outputs["cmdline"], environ)
		}
		exits(t, p, p.Terminate(), 0)
		outputs["log"] = p.Output()
		for name, text := range outputs {
			if text == "" || strings.Contains(text, setting) || strings.Contains(text, variable) || strings.Contains(text, own) {
				t.Errorf("%s is empty or shows a secret:\n%s", name, text)
			}
		}
		if strings.Count(outputs["config show"], "******") < 4 {
			t.Errorf("config show masks too little:\n%s", outputs["config show"])
		}
	})
}

// A plugin that there isn't ends the start, with what there is.
func TestNoSuchPlugin(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := newShop(t, c, "1ms")
		s.Handler = "plugin: notr"
		s.WriteConfig(t)
		p := s.Spawn(t)
		exits(t, p, p.Wait(rig.Patience), 78)
		says(t, p, `there is no such file in plugin_dir`, filepath.Dir(s.plugin), `did you mean "noter"?`, `there is "noter", "other"`)
	})
}
