package kafkaio

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// What librdkafka 2.15 was seen to say to real brokers, in events and in its log.
const (
	saidLogin     = "[thrd:sasl_ssl://a:1/bootstrap]: sasl_ssl://a:1/bootstrap: SASL authentication error: Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256 (after 315ms in state AUTH_REQ, 1 identical error(s) suppressed)"
	saidPlain     = "sasl_ssl://a:1/bootstrap: SASL authentication error: Authentication failed: Invalid username or password (after 302ms in state AUTH_REQ)"
	saidVerify    = "[thrd:ssl://a:1/bootstrap]: ssl://a:1/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified, verify that ssl.ca.location is correctly configured or root CA certificates are installed (install ca-certificates package) (after 4ms in state SSL_HANDSHAKE)"
	saidNoTLS     = "ssl://a:1/bootstrap: SSL handshake failed: Disconnected: SSL connection closed by peer: connecting to a PLAINTEXT broker listener? (after 2ms in state SSL_HANDSHAKE)"
	saidNoSASL    = "sasl_plaintext://a:1/0: SASL SCRAM-SHA-256 mechanism handshake failed: Broker: Request not valid in current SASL state: broker's supported mechanisms:  (after 1ms in state AUTH_HANDSHAKE)"
	saidMechanism = "sasl_ssl://a:1/bootstrap: SASL OAUTHBEARER mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: SCRAM-SHA-512,PLAIN,SCRAM-SHA-256 (after 301ms in state AUTH_HANDSHAKE)"
	saidClosed    = "[thrd:a:1/bootstrap]: a:1/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN (after 1ms in state APIVERSION_QUERY, 1 identical error(s) suppressed)"
	saidRefused   = "a:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)"
	saidNoName    = "a:1/bootstrap: Failed to resolve 'a:1': Name or service not known (after 1ms in state CONNECT)"
	saidHTTP      = "a:1/bootstrap: Receive failed: Invalid response size 1213486160 (0..100000000): increase receive.message.max.bytes (after 0ms in state APIVERSION_QUERY)"
	saidSetup     = "a:1/bootstrap: Connection setup timed out in state CONNECT (after 30003ms in state CONNECT)"
	saidOther     = "a:1/0: Receive failed: something new (after 12ms in state UP)"
)

func settingsOf(properties ...string) connectionSettings {
	c := Config{Brokers: []string{"a:1"}, Properties: map[string]string{}}
	for n := 0; n < len(properties); n += 2 {
		c.Properties[properties[n]] = properties[n+1]
	}
	return c.connection("")
}

func TestExplain(t *testing.T) {
	scram := func(protocol string) connectionSettings {
		return settingsOf("security.protocol", protocol, "sasl.mechanism", "SCRAM-SHA-256", "sasl.username", "me", "sasl.password", "canary")
	}
	ssl := settingsOf("security.protocol", "SSL", "ssl.ca.location", "/ca.pem")
	kafka := func(withTLS, sasl bool) *finding {
		f := &finding{kafka: true, withTLS: withTLS, sasl: sasl}
		if sasl {
			f.mechanisms = []string{"SCRAM-SHA-256", "PLAIN"}
		}
		return f
	}
	certificate := func(problem int) *finding {
		f := kafka(true, false)
		f.certificate, f.issuer, f.names, f.why = problem, "Our CA", []string{"b", "10.0.0.1"}, "x509: bad usage"
		f.from, f.until = time.Unix(0, 0), time.Unix(86400, 0)
		return f
	}
	user := func(known int) *finding {
		f := kafka(true, true)
		f.user = known
		return f
	}
	elsewhere := ssl
	elsewhere.brokers = []string{"seed:1"}
	for name, c := range map[string]struct {
		said  string
		set   connectionSettings
		found *finding
		want  string
	}{
		"login": {saidLogin, scram("sasl_ssl"), nil,
			`broker a:1 refuses the login of user "me" with SCRAM-SHA-256: user or password is wrong, correct kafka.properties.sasl.username or kafka.properties.sasl.password`},
		"password": {saidLogin, scram("sasl_ssl"), user(userKnown),
			`broker a:1 refuses the login of user "me" with SCRAM-SHA-256: the password is wrong, correct kafka.properties.sasl.password`},
		"user": {saidLogin, scram("sasl_ssl"), user(userUnknown),
			`broker a:1 refuses the login of user "me" with SCRAM-SHA-256: it knows no such user, correct kafka.properties.sasl.username, or kafka.properties.sasl.mechanism if the user has another one`},
		"plain": {saidPlain, settingsOf("security.protocol", "sasl_ssl", "sasl.mechanism", "PLAIN", "sasl.username", "me"), nil,
			`broker a:1 refuses the login of user "me" with PLAIN: user or password is wrong, correct kafka.properties.sasl.username or kafka.properties.sasl.password`},
		"certificate, unseen": {saidVerify, ssl, nil,
			"broker a:1 shows a certificate that is not accepted: compare its authority with kafka.properties.ssl.ca.location, and its names with the address"},
		"untrusted": {saidVerify, ssl, certificate(certificateUntrusted),
			`broker a:1 shows a certificate of an authority that is not trusted, "Our CA": set kafka.properties.ssl.ca.location to the file of that authority's certificate`},
		"untrusted, none set": {saidVerify, settingsOf("security.protocol", "ssl"), certificate(certificateUntrusted),
			`broker a:1 shows a certificate of an authority that is not trusted, "Our CA": set kafka.properties.ssl.ca.location, which is not set, to the file of that authority's certificate`},
		"host name": {saidVerify, ssl, certificate(certificateName),
			"broker a:1 shows a certificate for b, 10.0.0.1, not for a: name the broker in kafka.brokers as its certificate does, or give it another certificate"},
		"expired": {saidVerify, ssl, certificate(certificateExpired),
			"broker a:1 shows a certificate that is valid from 1970-01-01 00:00 to 1970-01-02 00:00 only: renew it there, or set this machine's clock"},
		"usage": {saidVerify, ssl, certificate(certificateBad),
			"broker a:1 shows a certificate that is no good for a server: x509: bad usage"},
		"TLS to a plain port, unseen": {saidNoTLS, ssl, nil,
			"broker a:1 speaks PLAINTEXT on this port, but kafka.properties.security.protocol is ssl: set it to plaintext, or name another port in kafka.brokers"},
		"TLS to a SASL port": {saidNoTLS, ssl, kafka(false, true),
			"broker a:1 speaks SASL_PLAINTEXT on this port, but kafka.properties.security.protocol is ssl: set it to sasl_plaintext, with sasl.mechanism, sasl.username and sasl.password beside it, or name another port in kafka.brokers"},
		"SASL to a plain port": {saidNoSASL, scram("sasl_plaintext"), nil,
			"broker a:1 speaks PLAINTEXT on this port, but kafka.properties.security.protocol is sasl_plaintext: set it to plaintext, or name another port in kafka.brokers"},
		"plain to a TLS port": {saidClosed, settingsOf(), kafka(true, false),
			"broker a:1 speaks SSL on this port, but kafka.properties.security.protocol is plaintext: set it to ssl, or name another port in kafka.brokers"},
		"SASL without security.protocol": {saidClosed, settingsOf("sasl.username", "me"), kafka(true, true),
			"broker a:1 speaks SASL_SSL on this port, but kafka.properties.security.protocol is plaintext: set it to sasl_ssl, or name another port in kafka.brokers"},
		"closed, unseen": {saidClosed, settingsOf(), nil,
			"broker a:1 closes connections without a word: is kafka.properties.security.protocol (plaintext) what this port speaks?"},
		"mechanism": {saidMechanism, scram("sasl_ssl"), nil,
			"broker a:1 does not take the SASL mechanism SCRAM-SHA-256: set kafka.properties.sasl.mechanism to one that it takes (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512)"},
		"client certificate": {saidClosed, ssl, &finding{wantsCertificate: true},
			"broker a:1 wants a client's certificate: set kafka.properties.ssl.certificate.location and kafka.properties.ssl.key.location"},
		"refused": {saidRefused, ssl, nil,
			"broker a:1 refuses connections: nothing listens on port 1, start the broker, or correct kafka.brokers"},
		"refused where the cluster sent us": {saidRefused, elsewhere, &finding{unreachable: causeRefused},
			"broker a:1 refuses connections: nothing listens on port 1, start the broker, or correct advertised.listeners there: it is the cluster that names this address"},
		"refused after a wrong password": {saidLogin, scram("sasl_ssl"), &finding{unreachable: causeRefused},
			"broker a:1 refuses connections: nothing listens on port 1, start the broker, or correct kafka.brokers"},
		"no such name": {saidNoName, ssl, nil,
			"broker a:1 has a name that does not resolve, a: look at the name service, or correct kafka.brokers"},
		"no route": {saidClosed, ssl, &finding{unreachable: causeNoRoute},
			"broker a:1 is out of reach, this machine has no route to it: look at the network, or correct kafka.brokers"},
		"silent": {saidSetup, ssl, nil,
			"broker a:1 does not answer in time: it hangs, or a firewall drops what is sent: look there, or correct kafka.brokers"},
		"a web server": {saidHTTP, ssl, nil, "broker a:1 answers in HTTP, it is no Kafka broker: correct kafka.brokers"},
		"new to us":    {saidOther, ssl, nil, "broker a:1: Receive failed: something new"},
	} {
		s, ok := parseSymptom(c.said)
		if !ok || s.broker != "a:1" {
			t.Errorf("%s: parsed as %+v, %t", name, s, ok)
		}
		got := explain(evidence{symptom: s, set: c.set, found: c.found})
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
		if strings.Contains(got, "canary") {
			t.Errorf("%s: it tells the password", name)
		}
	}
}

func TestKeysOfALevel(t *testing.T) {
	c := Config{Brokers: []string{"a:1"}, Properties: map[string]string{"security.protocol": "sasl_ssl", "sasl.mechanism": "PLAIN"},
		Levels: map[string]LevelConfig{"10": {Properties: map[string]string{"sasl.username": "ten"}}}}
	s, _ := parseSymptom(saidPlain)
	want := `broker a:1 refuses the login of user "ten" with PLAIN: user or password is wrong, correct kafka.levels.10.properties.sasl.username or kafka.properties.sasl.password`
	if got := explain(evidence{symptom: s, set: c.connection("10")}); got != want {
		t.Errorf("got %s", got)
	}
}

func TestSummarySaysOnceWhatIsAlike(t *testing.T) {
	set := settingsOf()
	set.brokers = []string{"a:1", "b:1", "c:2"}
	var all []evidence
	for _, b := range set.brokers {
		all = append(all, evidence{symptom: symptom{broker: b, cause: causeHTTP}, set: set})
	}
	all = append(all, evidence{symptom: symptom{broker: "d:1", text: "strange\nthings"}, set: set})
	want := "broker a:1 answers in HTTP, it is no Kafka broker: correct kafka.brokers (the same: b:1, c:2); broker d:1: strange things"
	if got := summary(all); got != want {
		t.Errorf("got %q", got)
	}
}

func TestSuspectsKeepTheGravest(t *testing.T) {
	begin := time.Unix(1000, 0)
	for name, c := range map[string]struct {
		said []string
		gap  time.Duration
		want cause
	}{
		"the newest":         {[]string{saidClosed, saidRefused}, time.Second, causeRefused},
		"not a lesser one":   {[]string{saidLogin, saidClosed}, time.Second, causeLogin},
		"but after a while":  {[]string{saidLogin, saidRefused}, fresh + time.Second, causeRefused},
		"about the protocol": {[]string{saidClosed, saidNoTLS, saidRefused}, time.Second, causeNoTLS},
	} {
		s := newSuspects(settingsOf())
		for n, text := range c.said {
			if _, ok := s.note(text, begin.Add(time.Duration(n)*c.gap)); !ok {
				t.Errorf("%s: %q is not understood", name, text)
			}
		}
		if got := s.by["a:1"].cause; got != c.want {
			t.Errorf("%s: cause %d, want %d", name, got, c.want)
		}
	}
	s := newSuspects(settingsOf())
	for _, text := range []string{"1/1 brokers are down", "", "[thrd:app]: Configuration property x"} {
		if seen, ok := s.note(text, begin); ok {
			t.Errorf("%q was taken for %+v", text, seen)
		}
	}
	if seen, ok := s.note("[thrd:GroupCoordinator]: GroupCoordinator: Disconnected (after 5ms in state UP)", begin); !ok || seen.broker != "" {
		t.Errorf("the coordinator was taken for %+v", seen)
	}
}

func TestExplainReset(t *testing.T) {
	for text, want := range map[string]string{
		"[thrd:main]: orders [3]: offset reset (at offset 17 (leader epoch 0), broker 1) to offset BEGINNING: gone": "orders[3]@17 is no longer in the broker: messages were deleted before they were read, look at retention.ms of the topic",
		"something else": "the broker no longer has the offset to go on from: messages were deleted before they were read (something else)",
	} {
		if got := explainReset(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func FuzzParseSymptom(f *testing.F) {
	for _, text := range []string{saidLogin, saidVerify, saidNoTLS, saidNoSASL, saidMechanism, saidClosed, saidRefused, saidHTTP, "\n: "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, ok := parseSymptom(text)
		if !ok {
			return
		}
		sentence := summary([]evidence{{symptom: s, set: settingsOf("security.protocol", "ssl")}})
		if sentence == "" || strings.ContainsAny(sentence, "\r\n") {
			t.Errorf("%q became %q", text, sentence)
		}
	})
}

func FuzzParseHandshake(f *testing.F) {
	f.Add([]byte{0, 33, 0, 0, 0, 1, 0, 5, 'P', 'L', 'A', 'I', 'N'})
	f.Add([]byte{0, 0, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, answer []byte) {
		_, mechanisms, err := parseHandshake(answer)
		if err == nil && len(mechanisms)*2 > len(answer) {
			t.Errorf("%d mechanisms out of %d bytes", len(mechanisms), len(answer))
		}
	})
}

func TestUnreachableIsSaid(t *testing.T) {
	c := Config{Brokers: []string{"127.0.0.1:1"}, Group: "g"}
	c.SetDefaults()
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err = admin.Connect(ctx)
	if !errors.Is(err, ErrUnreachable) {
		t.Fatalf("error %v, want ErrUnreachable", err)
	}
	const want = "reach kafka at 127.0.0.1:1: no broker answers: broker 127.0.0.1:1 refuses connections: nothing listens on port 1, start the broker, or correct kafka.brokers"
	if err.Error() != want {
		t.Errorf("error %q", err)
	}
}
