package e2e

import (
	"context"
	"io"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/rig"
)

// promptly is how soon a trouble must be told, and its end.
const promptly = 5 * time.Second

// session is session.timeout.ms, where nobody sets another.
const session = 10 * time.Second

// troubles collects what a Source tells of its troubles.
type troubles struct {
	mu       sync.Mutex
	standing map[string]string
	told     []string
	assigned bool
}

func (s *troubles) emit(event any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := event.(type) {
	case *boostd.Trouble:
		if e.Err == nil {
			delete(s.standing, e.Kind)
			s.told = append(s.told, e.Kind+" is over")
			return
		}
		s.standing[e.Kind] = e.Err.Error()
		s.told = append(s.told, e.Kind+": "+e.Err.Error())
	case *boostd.Assigned:
		s.assigned = true
	}
}

func (s *troubles) text(kind string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing[kind]
}

func (s *troubles) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.told...)
}

func (s *troubles) isAssigned() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.assigned
}

// consume runs a Source until the test's end.
func consume(t *testing.T, c kafkaio.Config, topics ...string) *troubles {
	t.Helper()
	c.Group = "g"
	c.SetDefaults()
	probe, err := kafkaio.NewProbe(c, rig.Logger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(probe.Stop)
	seen := &troubles{standing: map[string]string{}}
	source, err := kafkaio.NewSource(kafkaio.SourceOptions{Config: c, Group: "g_base", Topics: topics, Level: "base",
		Window: kafkaio.Window{Messages: 100, Bytes: 1 << 20}, Activity: &kafkaio.Activity{}, Probe: probe, Logger: rig.Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Start(seen.emit); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), rig.Patience)
		defer cancel()
		if err := source.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return seen
}

// awaitTrouble waits until a trouble of a kind has this text, and checks that it
// was told once.
func awaitTrouble(t *testing.T, seen *troubles, kind, want string) {
	t.Helper()
	began := time.Now()
	rig.EventuallyIn(t, promptly, "trouble "+kind, func() bool { return seen.text(kind) != "" })
	took := time.Since(began)
	if got := seen.text(kind); got != want {
		t.Errorf("after %v:\n got %s\nwant %s", took, got, want)
	}
	t.Logf("%.2f s: %s", took.Seconds(), seen.text(kind))
}

// relay is another address of a server.
func relay(t *testing.T, listen, to string) string {
	t.Helper()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go join(from, to)
		}
	}()
	return l.Addr().String()
}

func join(from net.Conn, address string) {
	defer from.Close()
	to, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer to.Close()
	go func() { _, _ = io.Copy(to, from) }()
	_, _ = io.Copy(from, to)
}

func properties(pairs ...string) map[string]string {
	p := map[string]string{}
	for n := 0; n < len(pairs); n += 2 {
		p[pairs[n]] = pairs[n+1]
	}
	return p
}

func login(protocol string, u kafkatest.User, more ...string) map[string]string {
	p := properties("security.protocol", protocol, "sasl.mechanism", u.Mechanism, "sasl.username", u.Name, "sasl.password", u.Password)
	maps.Copy(p, properties(more...))
	return p
}

// Each mistake in a connection's settings has a sentence of its own, soon, once,
// and without the password.
func TestConnectionMistakes(t *testing.T) {
	t.Parallel()
	cluster := kafkatest.New(t, kafkatest.Options{Security: true})
	s := cluster.Secure()
	ca := "ssl.ca.location"
	silent := silentAddress(t)
	refused := freeAddress(t)
	alias := relay(t, "127.0.0.2:0", s.SSL[0])
	plain, saslSSL, saslPlain, ssl := cluster.Brokers()[0], s.SASLSSL[0], s.SASLPlaintext[0], s.SSL[0]
	// A broker's first handshake loads and compiles what later ones need.
	ensure(t, kafkaio.Config{Brokers: s.SSL, Properties: properties("security.protocol", "ssl", ca, s.CAFile)}, "orders")
	const protocolKey = "kafka.properties.security.protocol"
	for name, c := range map[string]struct {
		broker     string
		properties map[string]string
		want       string
	}{
		"wrong password": {saslSSL, login("sasl_ssl", s.Scram256, ca, s.CAFile, "sasl.password", "canary"),
			`broker ADDRESS refuses the login of user "scram256" with SCRAM-SHA-256: the password is wrong, correct kafka.properties.sasl.password`},
		"unknown user": {saslSSL, login("sasl_ssl", s.Scram256, ca, s.CAFile, "sasl.username", "nobody", "sasl.password", "canary"),
			`broker ADDRESS refuses the login of user "nobody" with SCRAM-SHA-256: it knows no such user, correct kafka.properties.sasl.username, or kafka.properties.sasl.mechanism if the user has another one`},
		"wrong password or user of PLAIN": {saslPlain, login("sasl_plaintext", s.Plain, "sasl.password", "canary"),
			`broker ADDRESS refuses the login of user "plain" with PLAIN: user or password is wrong, correct kafka.properties.sasl.username or kafka.properties.sasl.password`},
		"mechanism": {saslSSL, properties("security.protocol", "sasl_ssl", ca, s.CAFile, "sasl.mechanism", "OAUTHBEARER",
			"enable.sasl.oauthbearer.unsecure.jwt", "true", "sasl.oauthbearer.config", "principal=x"),
			"broker ADDRESS does not take the SASL mechanism OAUTHBEARER: set kafka.properties.sasl.mechanism to one that it takes (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512)"},
		"untrusted authority": {ssl, properties("security.protocol", "ssl", ca, s.UntrustedCAFile),
			`broker ADDRESS shows a certificate of an authority that is not trusted, "kafkatest CA": set kafka.properties.ssl.ca.location to the file of that authority's certificate`},
		"host name": {alias, properties("security.protocol", "ssl", ca, s.CAFile),
			"broker ADDRESS shows a certificate for localhost, 127.0.0.1, not for 127.0.0.2: name the broker in kafka.brokers as its certificate does, or give it another certificate"},
		"TLS to a plain port": {plain, properties("security.protocol", "ssl", ca, s.CAFile),
			"broker ADDRESS speaks PLAINTEXT on this port, but " + protocolKey + " is ssl: set it to plaintext, or name another port in kafka.brokers"},
		"plaintext to a TLS port": {ssl, nil,
			"broker ADDRESS speaks SSL on this port, but " + protocolKey + " is plaintext: set it to ssl, or name another port in kafka.brokers"},
		"plaintext to a SASL port": {saslPlain, nil,
			"broker ADDRESS speaks SASL_PLAINTEXT on this port, but " + protocolKey + " is plaintext: set it to sasl_plaintext, with sasl.mechanism, sasl.username and sasl.password beside it, or name another port in kafka.brokers"},
		"security.protocol forgotten": {saslSSL, properties("sasl.mechanism", "PLAIN", "sasl.username", "plain", "sasl.password", "canary"),
			"broker ADDRESS speaks SASL_SSL on this port, but " + protocolKey + " is plaintext: set it to sasl_ssl, or name another port in kafka.brokers"},
		"SASL_PLAINTEXT to a plain port": {plain, login("sasl_plaintext", s.Scram256),
			"broker ADDRESS speaks PLAINTEXT on this port, but " + protocolKey + " is sasl_plaintext: set it to plaintext, or name another port in kafka.brokers"},
		"SASL_SSL to an SSL port": {ssl, login("sasl_ssl", s.Scram256, ca, s.CAFile),
			"broker ADDRESS speaks SSL on this port, but " + protocolKey + " is sasl_ssl: set it to ssl, or name another port in kafka.brokers"},
		"refused": {refused, nil,
			"broker ADDRESS refuses connections: nothing listens on port " + refused[strings.LastIndex(refused, ":")+1:] + ", start the broker, or correct kafka.brokers"},
		"no such name": {"nowhere.invalid:9092", nil,
			"broker ADDRESS has a name that does not resolve, nowhere.invalid: look at the name service, or correct kafka.brokers"},
		"silent": {silent, nil,
			"broker ADDRESS does not answer in time: it hangs, or a firewall drops what is sent: look there, or correct kafka.brokers"},
	} {
		t.Run(name, func(t *testing.T) { // one by one: each has a broker that isn't busy with what the others try
			seen := consume(t, kafkaio.Config{Brokers: []string{c.broker}, Properties: c.properties}, "orders")
			awaitTrouble(t, seen, "connection", strings.ReplaceAll(c.want, "ADDRESS", c.broker))
			// Repeated events are told no second time.
			rig.Quiet(t, time.Second, func() bool { return len(seen.all()) == 1 })
			for _, text := range seen.all() {
				if strings.Contains(text, "canary") {
					t.Errorf("it tells the password: %s", text)
				}
			}
		})
	}
}

// A broker that goes away is a trouble until it is back; so is the session that
// ended meanwhile.
func TestTroubleEnds(t *testing.T) {
	t.Parallel()
	for name, hurt := range map[string]func(n *kafkatest.Node) error{"killed": (*kafkatest.Node).Kill, "frozen": (*kafkatest.Node).Pause} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := kafkatest.New(t, kafkatest.Options{FastFailover: true})
			c := kafkaio.Config{Brokers: cluster.Brokers()}
			ensure(t, c, "orders")
			seen := consume(t, c, "orders")
			rig.Eventually(t, "it is assigned", seen.isAssigned)
			if err := hurt(cluster.Node(0)); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			rig.EventuallyIn(t, promptly, "trouble", func() bool { return seen.text("connection") != "" })
			t.Logf("begins after %.2f s: %s", time.Since(began).Seconds(), seen.text("connection"))
			if !strings.Contains(seen.text("connection"), cluster.Brokers()[0]) {
				t.Error("the broker isn't named")
			}
			ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
			defer cancel()
			if err := cluster.Node(0).Continue(); err != nil {
				t.Fatal(err)
			}
			if err := cluster.StartAll(ctx); err != nil {
				t.Fatal(err)
			}
			began = time.Now()
			rig.EventuallyIn(t, promptly, "the end", func() bool { return seen.text("connection") == "" })
			t.Logf("ends after %.2f s", time.Since(began).Seconds())
			// Where the session ended meanwhile, the new one waits for the old one's end in the group.
			rig.EventuallyIn(t, session+2*promptly, "the end of all", func() bool { return seen.standingCount() == 0 })
			t.Log(strings.Join(seen.all(), "\n"))
		})
	}
}

func (s *troubles) standingCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.standing)
}

func ensure(t *testing.T, c kafkaio.Config, topics ...string) {
	t.Helper()
	admin, err := kafkaio.NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	var specs []kafkaio.TopicSpec
	for _, name := range topics {
		specs = append(specs, kafkaio.TopicSpec{Name: name, Partitions: 2})
	}
	if _, err := admin.EnsureTopics(ctx, specs); err != nil {
		t.Fatal(err)
	}
}

// What isn't allowed is told by name, with what to allow, and is over once it is
// allowed: no restart is needed.
func TestPermissionIsTold(t *testing.T) {
	t.Parallel()
	cluster := kafkatest.New(t, kafkatest.Options{Security: true, Authorizer: true})
	s := cluster.Secure()
	ensure(t, kafkaio.Config{Brokers: cluster.Brokers()}, "orders", "orders_10")
	allow := grants(t, cluster.Brokers(), s.Scram512.Name)
	// An idle member learns only at its session's end that it may no longer be one.
	properties := login("sasl_ssl", s.Scram512, "ssl.ca.location", s.CAFile, "session.timeout.ms", "6000")
	seen := consume(t, kafkaio.Config{Brokers: s.SASLSSL, Properties: properties}, "orders", "orders_10", "later")
	group := `group g_base may not be joined by user "scram512": allow it READ on the group`
	topics := func(names string) string {
		return "topic " + names + ` may not be read by user "scram512": allow it READ on the topic`
	}
	const missing = "topic later does not exist: create it, its messages are read from then on"
	becomes := func(kind, want string) {
		t.Helper()
		began := time.Now()
		rig.EventuallyIn(t, 2*promptly, kind+" becomes "+want, func() bool { return seen.text(kind) == want })
		t.Logf("%.2f s: %s is %q", time.Since(began).Seconds(), kind, want)
	}
	becomes("authorization", group)
	allow("group", "g_base", true)
	becomes("authorization", topics("later, orders, orders_10"))
	allow("topic", "orders", true)
	becomes("authorization", topics("later, orders_10"))
	rig.Eventually(t, "it is assigned what it may read", seen.isAssigned)
	allow("topic", "orders_10", true)
	allow("topic", "later", true)
	becomes("authorization", "")
	becomes("topic", missing)
	ensure(t, kafkaio.Config{Brokers: cluster.Brokers()}, "later")
	becomes("topic", "")
	allow("topic", "orders", false)
	becomes("authorization", topics("orders"))
	allow("topic", "orders", true)
	becomes("authorization", "")
	allow("group", "g_base", false)
	becomes("authorization", group)
	allow("group", "g_base", true)
	becomes("authorization", "")
	rig.EventuallyIn(t, 2*promptly, "the end of all", func() bool { return seen.standingCount() == 0 })
	t.Log(strings.Join(seen.all(), "\n"))
}

// A group whose coordinator is gone while other brokers answer has a trouble of
// its own.
func TestCoordinatorIsMissed(t *testing.T) {
	t.Parallel()
	cluster := kafkatest.New(t, kafkatest.Options{Nodes: 3, FastFailover: true,
		Properties: map[string]string{"offsets.topic.replication.factor": "1"}})
	c := kafkaio.Config{Brokers: cluster.Brokers()}
	ensure(t, c, "orders")
	seen := consume(t, c, "orders")
	rig.Eventually(t, "it is assigned", seen.isAssigned)
	node := cluster.Node(coordinator(t, cluster.Brokers(), "g_base"))
	if err := node.Kill(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	rig.EventuallyIn(t, 2*promptly, "trouble", func() bool { return seen.text("coordinator") != "" })
	t.Logf("begins after %.2f s: %s", time.Since(began).Seconds(), seen.text("coordinator"))
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	if err := node.Start(ctx); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	// On a busy machine the node takes longer to come back than a session lasts.
	// The member is a new one then, and its group waits for the old one first.
	const session = 10 * time.Second
	rig.EventuallyIn(t, 2*promptly+session, "the end", func() bool { return seen.standingCount() == 0 })
	t.Logf("ends after %.2f s", time.Since(began).Seconds())
	t.Log(strings.Join(seen.all(), "\n"))
}
