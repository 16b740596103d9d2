package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/rig"
)

type checked struct {
	Reached  bool
	Access   kafkaio.Access
	Problems []string
}

func check(t *testing.T, s *rig.Setup, code int) checked {
	t.Helper()
	p := rig.Spawn(t, "config", "check", "-c", s.Path(), "--json")
	exits(t, p, p.Wait(rig.Patience), code)
	var c checked
	if err := json.Unmarshal([]byte(p.Stdout()), &c); err != nil {
		t.Fatalf("%v in %s", err, p.Stdout())
	}
	t.Logf("after %v: %v", p.Took(), c.Problems)
	return c
}

// `config check` tells what is there and what is allowed, on both kinds of
// broker.
func TestConfigCheck(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9})
		load := s.Load(t)
		load.Fill(0, 7, 100)
		load.Fill(10, 3, 100)
		got := check(t, s, 0)
		if !got.Reached || len(got.Access.Brokers) != 1 || len(got.Access.Topics) != 3 || len(got.Access.Groups) != 3 || len(got.Problems) != 0 {
			t.Errorf("got %+v", got)
		}
		for _, topic := range got.Access.Topics {
			if !topic.Exists || !topic.Read || !topic.Describe || topic.Partitions != s.Partitions {
				t.Errorf("topic %+v", topic)
			}
		}
		for _, g := range got.Access.Groups {
			want := map[string]int64{s.Group + "_base": 7, s.Group + "_priority_9": 0, s.Group + "_priority_10": 3}[g.Name]
			if !g.Join || !g.Describe || g.Lag != want {
				t.Errorf("group %+v, want lag %d", g, want)
			}
		}
		p := rig.Spawn(t, "config", "check", "-c", s.Path())
		exits(t, p, p.Wait(rig.Patience), 0)
		says(t, p, "1 brokers", s.Base+"_10", s.Group+"_priority_10", "nothing is missing")
		s.WriteFile(t, "settings.json", "{")
		if got := check(t, s, 1); len(got.Access.Topics) != 1 || !strings.Contains(strings.Join(got.Problems, "\n"), "only base topics are checked") {
			t.Errorf("without settings: %+v", got)
		}
	})
}

// What is missing is said, with what to change, and the exit code tells.
func TestConfigCheckFindsWhatIsMissing(t *testing.T) {
	t.Parallel()
	cluster := kafkatest.New(t, kafkatest.Options{Security: true, Authorizer: true})
	secure := cluster.Secure()
	u := secure.Scram512
	properties := func(password string) string {
		return "  properties: {security.protocol: sasl_ssl, sasl.mechanism: " + u.Mechanism + ", sasl.username: " + u.Name +
			", sasl.password: " + password + ", ssl.ca.location: " + secure.CAFile + "}"
	}
	s := rig.Plan(t, secure.SASLSSL, rig.Options{Min: 10, Kafka: properties(u.Password)})
	got := check(t, s, 1)
	want := []string{
		"topic " + s.Base + ` may not be read by user "scram512": allow it READ on the topic`,
		"topic " + s.Base + `_10 may not be read by user "scram512": allow it READ on the topic`,
		"group " + s.Group + `_base may not be joined by user "scram512": allow it READ on the group`,
		"group " + s.Group + `_priority_10 may not be joined by user "scram512": allow it READ on the group`,
	}
	if strings.Join(got.Problems, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q\nwant %q", got.Problems, want)
	}
	allow := grants(t, cluster.Brokers(), u.Name)
	for _, name := range []string{s.Base, s.Base + "_10"} {
		allow("topic", name, true)
	}
	for _, name := range []string{s.Group + "_base", s.Group + "_priority_10"} {
		allow("group", name, true)
	}
	want = []string{
		"topic " + s.Base + ` does not exist and may not be created by user "scram512": create it, or allow CREATE on the topic`,
		"topic " + s.Base + `_10 does not exist and may not be created by user "scram512": create it, or allow CREATE on the topic`,
	}
	if got := check(t, s, 1); strings.Join(got.Problems, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q\nwant %q", got.Problems, want)
	}
	ensure(t, kafkaio.Config{Brokers: cluster.Brokers()}, s.Base, s.Base+"_10") // with two partitions
	want = []string{"topic " + s.Base + `_10 has 2 of 3 partitions and user "scram512" may not add any: add them, or allow ALTER on the topic`}
	if got := check(t, s, 1); strings.Join(got.Problems, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q\nwant %q", got.Problems, want)
	}
	s.Partitions = 2
	s.WriteSettings(t)
	if got := check(t, s, 0); !got.Access.Topics[0].Read || !got.Access.Groups[0].Join {
		t.Errorf("got %+v", got)
	}
	deadLetterPermissions(t, cluster.Brokers(), s, u.Name)
	wrong := rig.Plan(t, secure.SASLSSL, rig.Options{Min: 10, Kafka: properties("canary")})
	p := rig.Spawn(t, "config", "check", "-c", wrong.Path())
	exits(t, p, p.Wait(rig.Patience), 69)
	says(t, p, "the password is wrong, correct kafka.properties.sasl.password")
	if p.Took() > promptly || p.Says("canary") {
		t.Errorf("took %v: %s", p.Took(), p.Output())
	}
}
