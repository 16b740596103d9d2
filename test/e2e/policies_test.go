package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/test/rig"
)

// policyIn is a handler's policy as status has it.
func policyIn(t *testing.T, s *rig.Setup, handler string) string {
	t.Helper()
	all := s.Status(t).Handlers
	n := slices.IndexFunc(all, func(h console.Handler) bool { return h.Name == handler })
	if n < 0 {
		t.Fatalf("status has no handler %s", handler)
	}
	text, err := json.Marshal(all[n].Policy)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// withPolicy writes the settings with a policy.
func withPolicy(t *testing.T, s *rig.Setup, policy string) {
	t.Helper()
	s.WriteFile(t, "settings.json", fmt.Sprintf(`{"max_priority": 10, "Priority_boost": [
		{"topic_name": %q, "priority_boost_min_value": 9, "number_of_partitions": 3},
		{"topic_name": %q, "priority_boost_min_value": 9, "number_of_partitions": 3}], "boostd": {"policy": %s}}`, s.Base, s.OtherBase, policy))
}

// The policy of each handler is in status from the start; the document's comes
// into force with a reload that moves no partition, unless it doesn't fit.
func TestPolicies(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9, Handler: "noop: {}, slots: 8", Extra: "policy: {max_wait: 1m, min_share: {0-1: 5}}",
			Other: "noop: {}, slots: 4, policy: {mode: exclusive, reserve: {9: 1}}, preemptible: true"})
		p := s.Spawn(t)
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
		load := s.Load(t)
		load.Fill(0, 50, 100)
		load.Fill(10, 50, 100)
		const own = `{"mode":"exclusive","max_wait":"0s","min_share":{},"reserve":{"9":1},"preemptible":true,"from":"handler"}`
		const documents = `{"mode":"strict","max_wait":"30s","min_share":{"0":5,"3":10,"4":10,"5":10},"reserve":{"9":7},"preemptible":false,"from":"document"}`
		check := func(when, work string) {
			t.Helper()
			if got := policyIn(t, s, "work"); got != work {
				t.Errorf("%s the policy of work is\n%s, want\n%s", when, got, work)
			}
			if got := policyIn(t, s, "other"); got != own {
				t.Errorf("%s the policy of other is\n%s, want\n%s", when, got, own)
			}
		}
		check("at start", `{"mode":"strict","max_wait":"1m0s","min_share":{"0":5,"1":5},"reserve":{},"preemptible":false,"from":"file"}`)
		rebalances := func() (sum uint64) {
			for _, k := range s.Status(t).Consumers {
				sum += k.Rebalances
			}
			return sum
		}
		before := rebalances()
		withPolicy(t, s, `{"max_wait": "30s", "min_share": {"0": 5, "3-5": 10}, "reserve": {"9": 7}}`)
		order, code := s.Command(t, "settings", "reload")
		exits(t, order, code, 0)
		if !order.Says("another policy holds for work") && !order.Says("have not changed") { // then who watches the file was first
			t.Errorf("it says %q", order.Output())
		}
		check("after a reload", documents)
		human, code := s.Command(t, "status")
		exits(t, human, code, 0)
		says(t, human, "policy of work strict; max_wait 30s; min_share 0: 5%, 3-5: 10%; reserve 9: 7 (the settings document)",
			"policy of other exclusive; reserve 9: 1; preemptible (handlers.other.policy)")
		for policy, why := range map[string]string{
			`{"reserve": {"9": 8}}`:  "/boostd/policy/reserve: doesn't fit handler work: 8 slots for level 9 and above, want 1 to 7: the handler has 8",
			`{"reserve": {"11": 1}}`: "/boostd/policy/reserve/11: level 11 is outside 1 to 10",
		} {
			withPolicy(t, s, policy)
			order, code = s.Command(t, "settings", "reload")
			exits(t, order, code, 1)
			says(t, order, why)
			await(t, s, "settings", "the old ones are in force")
			check("after a refusal", documents)
		}
		withPolicy(t, s, "null")
		order, code = s.Command(t, "settings", "reload")
		exits(t, order, code, 0)
		over(t, s, "settings")
		if from := policyIn(t, s, "work"); !strings.Contains(from, `"from":"file"`) {
			t.Errorf("without one in the document the policy of work is %s", from)
		}
		load.Fill(0, 50, 100)
		load.AwaitHandled()
		if after := rebalances(); after != before {
			t.Errorf("%d rebalances came with the reloads", after-before)
		}
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
	})
}

// Policies of boostd.yaml are wrong at their place, what doesn't fit the settings'
// levels keeps the daemon waiting for others.
func TestPoliciesThatAreRefusedAtStart(t *testing.T) {
	t.Parallel()
	s := rig.Plan(t, nowhere, rig.Options{Min: 9, Max: 10})
	s.Handler = "noop: {}, slots: 4, policy: {reserve: {9: 4}}"
	s.WriteConfig(t)
	p := s.Spawn(t)
	exits(t, p, p.Wait(rig.Patience), 78)
	says(t, p, "handlers.work.policy.reserve.9: 4 slots for level 9 and above, want 1 to 3: the handler has 4")
	s.Handler = "noop: {}, slots: 4, policy: {reserve: {12: 3}}"
	s.WriteConfig(t)
	p = s.Spawn(t, "--wait")
	rig.Eventually(t, "it answers", func() bool { _, code := s.Command(t, "status"); return code == 0 })
	await(t, s, "settings", "max_priority 10 doesn't fit boostd.yaml's handlers.work.policy.reserve.12: level 12 is outside 1 to 10")
	s.Max = 12
	s.WriteSettings(t)
	over(t, s, "settings")
	exits(t, p, p.Terminate(), 0)
}

// An instance for some levels reads nothing else and says what it leaves to
// others; nobody there for it is an alarm until somebody is.
func TestOnlySomeLevels(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9, Kafka: "  levels: 10, 12"})
		p := s.Spawn(t)
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
		load := s.Load(t)
		load.Fill(0, 5, 100)
		load.Fill(10, 20, 100)
		lines := rig.DoneLines{Path: s.AuditPath()}
		rig.Eventually(t, "its own level is done", func() bool { return lines.Count() >= 20 })
		status := s.Status(t)
		if len(status.Consumers) != 1 || status.Consumers[0].Name != "10" {
			t.Errorf("its consumers are %+v", status.Consumers)
		}
		left := ""
		for _, l := range status.Left {
			left += l.Group + " "
		}
		if want := s.Group + "_base " + s.Group + "_priority_9 "; left != want {
			t.Errorf("it leaves %s to others, want %s", left, want)
		}
		await(t, s, "unserved", "5 messages of base topics wait", s.Group+"_base")
		if status = s.Status(t); !status.Ready || len(status.Alarms) != 1 {
			t.Errorf("ready: %v %s; alarms %+v", status.Ready, status.NotReady, status.Alarms)
		}
		human, code := s.Command(t, "status")
		exits(t, human, code, 0)
		says(t, human, "left to other instances: base topics (5 waiting), level 9")
		second := s.Spawn(t, "--set", "kafka.only_levels=[base, 9]")
		rig.Eventually(t, "the second has partitions", second.Assigned)
		over(t, s, "unserved")
		load.Fill(9, 20, 100)
		load.AwaitHandled()
		exits(t, second, second.Terminate(), 0)
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
		once(t, p, "unserved")
		says(t, p, "kafka.only_levels has levels without a topic of their own", `"levels":"12"`)
	})
}
