package e2e

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/test/rig"
	"github.com/kafkaboost/boostd/test/s3test"
)

// remote are settings that are kept elsewhere, asked for every second.
type remote struct {
	t       *testing.T
	s       *rig.Setup
	set     []string // of the command line
	environ []string
	change  func(document string)
	away    func(yes bool)
}

func (r *remote) flags() (flags []string) {
	for _, set := range append(r.set, "settings.refresh=1s") {
		flags = append(flags, "--set", set)
	}
	return flags
}

func (r *remote) spawn() *rig.Process {
	r.t.Helper()
	p := r.s.SpawnWith(r.t, r.environ, r.flags()...)
	rig.Eventually(r.t, "it is ready", func() bool { return rig.Ready(r.t, r.s) })
	return p
}

// settings is a document with levels from low on.
func (r *remote) settings(low int) string {
	return fmt.Sprintf(`{"max_priority":10,"Priority_boost":[{"topic_name":%q,"priority_boost_min_value":%d,"number_of_partitions":3}]}`, r.s.Base, low)
}

// inForce waits until a document is.
func (r *remote) inForce(document string) (status console.Status) {
	r.t.Helper()
	began := time.Now()
	rig.Eventually(r.t, "the settings are in force", func() bool {
		status = r.s.Status(r.t)
		return status.Settings.Hash == configwatch.Hash([]byte(document))
	})
	r.t.Logf("they are in force after %v", time.Since(began).Round(10*time.Millisecond))
	return status
}

// live has a daemon's life with such settings: they change, are away, are away at a
// start, and are back.
func (r *remote) live() {
	t, s := r.t, r.s
	p := r.spawn()
	load := s.Load(t)
	load.Fill(9, 50, 100)
	load.Fill(0, 50, 100)
	load.AwaitHandled()
	r.change(r.settings(8))
	before := r.inForce(r.settings(8)).Settings
	s.Min = 8
	load.Fill(8, 50, 100)
	load.AwaitHandled()

	r.away(true)
	await(t, s, "settings")
	load.Fill(8, 50, 100)
	load.AwaitHandled()
	if status := s.Status(t); !status.Ready || status.Settings.Hash != before.Hash || status.Settings.Error == "" {
		t.Errorf("with its source away status is %+v", status.Settings)
	}
	exits(t, p, p.Terminate(), 0)

	p = r.spawn()
	await(t, s, "settings")
	says(t, p, "the last good ones are in force")
	if after := s.Status(t).Settings; after.Hash != before.Hash || after.Version != before.Version || after.Error == "" {
		t.Errorf("it starts with %+v, before %+v", after, before)
	}
	load.Fill(8, 50, 100)
	load.AwaitHandled()
	r.away(false)
	over(t, s, "settings")
	r.change(r.settings(7))
	r.inForce(r.settings(7))
	exits(t, p, p.Terminate(), 0)
	clean(t, load)
}

// Settings in a folder in S3, changed by `boostd settings push`.
func TestSettingsFromS3(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	bucket, proxy := server.Bucket(t), server.Proxy(t)
	r := &remote{t: t, s: rig.New(t, clusters[0], rig.Options{Min: 9})}
	r.set = []string{"settings.source=s3://" + bucket + "/users/u/", "settings.s3.endpoint=" + proxy.Endpoint, "settings.s3.path_style=true"}
	r.environ = []string{"AWS_ACCESS_KEY_ID=" + s3test.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s3test.SecretKey,
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true"}
	r.change = func(document string) {
		r.s.WriteFile(t, "new.json", document)
		push := rig.SpawnEnv(t, r.environ, append([]string{"settings", "push", r.s.Dir + "/new.json", "--base", "current", "-c", r.s.Path()}, r.flags()...)...)
		exits(t, push, push.Wait(rig.Patience), 0)
	}
	r.away = func(yes bool) {
		proxy.Fault(nil)
		if yes {
			proxy.Fault(func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) })
		}
	}
	server.Put(t, bucket, "users/u/settings-2026-01-31T12:00:00.000Z.json", r.settings(9)) // as the web page does
	r.live()
}

// Settings from a server with a certificate of its own signer, and a token.
func TestSettingsFromHTTPS(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	document, away := "", false
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		tag := fmt.Sprintf("%q", configwatch.Hash([]byte(document))[:8])
		switch {
		case q.Header.Get("Authorization") != "Bearer letmein" || q.URL.Path != "/user123":
			w.WriteHeader(http.StatusForbidden)
		case away:
			w.WriteHeader(http.StatusServiceUnavailable)
		case q.Header.Get("If-None-Match") == tag:
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Header().Set("ETag", tag)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, document)
		}
	}))
	t.Cleanup(server.Close)
	r := &remote{t: t, s: rig.New(t, clusters[0], rig.Options{Min: 9})}
	r.s.WriteFile(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	r.s.WriteFile(t, "token", "letmein\n")
	r.set = []string{"settings.source=" + server.URL + "/user123", "settings.https.ca_file=" + r.s.Dir + "/ca.pem", "settings.https.token_file=" + r.s.Dir + "/token"}
	r.change = func(next string) { mu.Lock(); document = next; mu.Unlock() }
	r.away = func(yes bool) { mu.Lock(); away = yes; mu.Unlock() }
	r.change(r.settings(9))
	r.live()
	p, code := rig.Boostd(t, append([]string{"settings", "history", "-c", r.s.Path()}, r.flags()...)...)
	exits(t, p, code, 1)
	says(t, p, "settings over https have no history")
	if strings.Contains(p.Output(), "letmein") {
		t.Error("it shows the token")
	}
}
