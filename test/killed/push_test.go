package killed

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/test/rig"
	"github.com/kafkaboost/boostd/test/s3test"
)

var kafka = rig.Real()

func TestMain(m *testing.M) { os.Exit(rig.Main(m, "2", kafka)) }

// target is settings that are pushed to.
type target struct {
	dir     string // of boostd.yaml
	history configwatch.History
	current string // the document that is current
	made    int    // documents
	found   map[string]int
	aim     aim
}

// newTarget writes boostd.yaml, makes the first version, and measures pushes.
func newTarget(t *testing.T, settings string) *target {
	t.Helper()
	g := &target{dir: t.TempDir(), found: map[string]int{}}
	text := fmt.Sprintf("kafka: {brokers: [a:1], group: g}\nsettings: %s\ntopics: {orders: {handler: h}}\nhandlers: {h: {noop: {}}}\n", settings)
	path := filepath.Join(g.dir, "boostd.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := conf.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if g.history, err = configwatch.OpenHistory(file.Settings, g.dir, hclog.NewNullLogger()); err != nil {
		t.Fatal(err)
	}
	first := g.document()
	if _, err := g.history.Push(t.Context(), []byte(first), "", configwatch.Note{}); err != nil {
		t.Fatal(err)
	}
	g.current = first
	g.measure(t)
	return g
}

// document is another one each time, of some 60 KB.
func (g *target) document() string {
	g.made++
	topics := make([]string, 1000)
	for n := range topics {
		topics[n] = fmt.Sprintf(`{"topic": "topic-of-document-%d-number-%d", "priority": 7}`, g.made, n)
	}
	return fmt.Sprintf(`{"max_priority": 10, "Topics_priority": [%s]}`, strings.Join(topics, ",\n"))
}

// command starts `boostd settings push` of a document.
func (g *target) command(t *testing.T, document, base string) *exec.Cmd {
	t.Helper()
	path := filepath.Join(g.dir, "new.json")
	if err := os.WriteFile(path, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(rig.Binary(t), "settings", "push", path, "--base", base, "-m", "killed", "-c", filepath.Join(g.dir, "boostd.yaml"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func hash(document string) string { return configwatch.Hash([]byte(document)) }

// measure takes the time of pushes that end where writing would begin, and of whole
// ones.
func (g *target) measure(t *testing.T) {
	t.Helper()
	const times = 5
	var early, late []time.Duration
	for range times {
		began := time.Now()
		if err := g.command(t, g.current, hash("another")).Wait(); err == nil {
			t.Fatal("a push from another version succeeds")
		}
		early = append(early, time.Since(began))
		next := g.document()
		began = time.Now()
		if err := g.command(t, next, hash(g.current)).Wait(); err != nil {
			t.Fatalf("a push fails: %v", err)
		}
		late = append(late, time.Since(began))
		g.current = next
	}
	slices.Sort(early)
	slices.Sort(late)
	from, to := early[times/2], late[times/2]
	g.aim = between(from, to)
	t.Logf("pushes write from %v to %v after their start", from, to)
}

// kill ends one push somewhere, and looks.
func (g *target) kill(t *testing.T) {
	t.Helper()
	next := g.document()
	before, err := g.history.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cmd := g.command(t, next, hash(g.current))
	g.aim.wait()
	_ = cmd.Process.Kill() // it may have ended
	ended := cmd.Wait() == nil
	now, data, err := g.history.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := g.history.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept := slices.ContainsFunc(all, func(e configwatch.Entry) bool { return e.Hash == hash(next) })
	switch text := string(data); {
	case text != g.current && text != next:
		t.Fatalf("neither the old document nor the new one is current, but %s with %d bytes", now.Name, len(data))
	case ended && text != next:
		t.Fatal("a push has ended well, and its document isn't current")
	case text == next && !kept:
		t.Fatal("the history hasn't what is current")
	case ended:
		g.aim.late()
		g.found["had ended"]++
	case text == next:
		g.found["new"]++
	case kept:
		g.found["old, the new one in the history"]++
	default:
		g.aim.early()
		g.found["old"]++
	}
	g.whole(t, all, len(before)+1)
	g.current = string(data)
	g.again(t, next)
}

// whole checks that no version is a part of one.
func (g *target) whole(t *testing.T, all []configwatch.Entry, most int) {
	t.Helper()
	if len(all) > most {
		t.Errorf("there are %d versions, want %d at most", len(all), most)
	}
	for _, e := range all[:min(len(all), 2)] {
		v, err := g.history.Get(t.Context(), e.Name)
		if err != nil || e.Problem != "" || hash(string(v.Data)) != e.Hash || !strings.HasSuffix(string(v.Data), "}]}") {
			t.Errorf("%s isn't whole: %d bytes, %v %s", e.Name, len(v.Data), err, e.Problem)
		}
	}
}

// again pushes after a kill; what the killed one had sent may arrive only now.
func (g *target) again(t *testing.T, killed string) {
	t.Helper()
	next := g.document()
	began := time.Now()
	_, err := g.history.Push(t.Context(), []byte(next), hash(g.current), configwatch.Note{Comment: "next"})
	if c, ok := errors.AsType[configwatch.Conflict](err); ok && string(c.Data) == killed {
		_, err = g.history.Push(t.Context(), []byte(next), hash(killed), configwatch.Note{Comment: "next"})
	}
	if err != nil {
		t.Fatalf("the next push fails after %v: %v", time.Since(began), err)
	}
	if took := time.Since(began); took > time.Second {
		g.found["the next push waited"]++
	}
	g.current = next
}

// roundKills is after how many kills the next folder begins, for each looks at all
// versions.
const roundKills = 50

func TestKilledOnAFile(t *testing.T) {
	t.Parallel()
	found := map[string]int{}
	for range fileKills / roundKills {
		g := newTarget(t, `{source: "file:settings.json"}`)
		for range roundKills {
			g.kill(t)
			if text, err := os.ReadFile(filepath.Join(g.dir, "settings.json")); err != nil || string(text) != g.current {
				t.Fatalf("the file isn't what was pushed: %d bytes, %v", len(text), err)
			}
			g.tidy(t)
		}
		next := g.document() // the command itself works, too
		if err := g.command(t, next, hash(g.current)).Wait(); err != nil {
			t.Fatal(err)
		}
		add(found, g.found)
	}
	t.Logf("%d kills: %v", fileKills, found)
}

func add(to, from map[string]int) {
	for what, times := range from {
		to[what] += times
	}
}

var temporary = regexp.MustCompile(`\.new$`)

// tidy checks that what kills leave doesn't pile up.
func (g *target) tidy(t *testing.T) {
	t.Helper()
	for _, dir := range []string{g.dir, filepath.Join(g.dir, "history")} {
		all, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for _, f := range all {
			count[filepath.Ext(f.Name())]++
			if temporary.MatchString(f.Name()) {
				t.Errorf("%s is left after the next push", f.Name())
			}
		}
		if filepath.Base(dir) == "history" && count[".json"] != count[".note"] {
			t.Errorf("there are %d versions and %d notes", count[".json"], count[".note"])
		}
	}
}

// A push that dies between its claim and its version holds up the next one for
// seconds, so several folders are at it at once.
func TestKilledOnS3(t *testing.T) {
	s3test.Environment(t, s3test.AccessKey, s3test.SecretKey)
	server := s3test.Start(t)
	bucket := server.Bucket(t)
	const folders = 4
	found, mu := map[string]int{}, sync.Mutex{}
	t.Run("folders", func(t *testing.T) {
		for n := range folders {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				g := newTarget(t, fmt.Sprintf(`{source: "s3://%s/users/%d/", s3: {endpoint: "%s", path_style: true}}`, bucket, n, server.Endpoint))
				for range objectKills / folders {
					g.kill(t)
				}
				mu.Lock()
				defer mu.Unlock()
				add(found, g.found)
			})
		}
	})
	t.Logf("%d kills: %v", objectKills, found)
}
