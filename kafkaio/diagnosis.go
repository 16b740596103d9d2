package kafkaio

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// cause is a class of reasons why a connection fails. Graver ones say more: a
// refused login is followed by disconnections.
type cause int

const (
	causeUnknown     cause = iota
	causeClosed            // the broker closed the connection without a word
	causeSilent            // no answer in time
	causeRefused           // nothing listens
	causeNoRoute           // the network is not reachable
	causeNoName            // the name does not resolve
	causeHTTP              // something else than Kafka answers
	causeNoTLS             // TLS to a port without
	causeNoSASL            // SASL to a port without
	causeMechanism         // a SASL mechanism that is not enabled
	causeClientCert        // the broker wants a client certificate
	causeCertificate       // its certificate is not accepted
	causeLogin             // user or password
)

// symptom is what a client says of its connection to one broker.
type symptom struct {
	broker string // host:port; "" for the group's coordinator, whichever it is
	cause  cause
	text   string // the client's own words
}

// line is how librdkafka writes of a broker, in its log and in error events:
// [thrd:…]: protocol://host:port/id: text (after 3ms in state CONNECT, 2 identical error(s) suppressed).
var line = regexp.MustCompile(`^(?:\[thrd:[^\]]*\]: )?(?:\w+://)?(GroupCoordinator|[^/\s]+:\d+)(?:/\S*)?: (.*?)(?: \(after \d+ms in state [^()]*\))?$`)

// parseSymptom reads a line of the client; false when it is about no broker.
func parseSymptom(text string) (symptom, bool) {
	m := line.FindStringSubmatch(oneLine(text))
	if m == nil {
		return symptom{}, false
	}
	s := symptom{broker: m[1], cause: causeOf(m[2]), text: m[2]}
	if s.broker == "GroupCoordinator" {
		s.broker = ""
	}
	return s, true
}

// signs are what to recognize a cause by, the surest first.
var signs = []struct {
	cause cause
	text  string
}{
	{causeLogin, "SASL authentication error"},
	{causeNoSASL, "not valid in current SASL state"},
	{causeMechanism, "mechanism handshake failed"},
	{causeClientCert, "certificate required"},
	{causeClientCert, "alert bad certificate"},
	{causeCertificate, "certificate verify failed"},
	{causeNoTLS, "PLAINTEXT broker listener"},
	{causeNoTLS, "wrong version number"},
	{causeHTTP, "Invalid response size 1213486160"}, // "HTTP"
	{causeRefused, "Connection refused"},
	{causeNoRoute, "No route to host"},
	{causeNoRoute, "Network is unreachable"},
	{causeNoName, "Failed to resolve"},
	{causeSilent, "timed out"},
	{causeSilent, "Timed out"},
	{causeClosed, "Disconnected"},
	{causeClosed, "closed by peer"},
	{causeClosed, "reset by peer"},
}

func causeOf(text string) cause {
	for _, s := range signs {
		if strings.Contains(text, s.text) {
			return s.cause
		}
	}
	return causeUnknown
}

// evidence is all that is known of one broker that can't be used.
type evidence struct {
	symptom
	// set is how the client was told to connect.
	set connectionSettings
	// found is what was seen at the address itself; nil when nobody looked.
	found *finding
}

// mistaken reports whether the broker answers and is asked in the wrong way.
func (e evidence) mistaken() bool {
	f := e.found
	return f != nil && f.unreachable == causeUnknown && (e.cause == causeLogin || !f.usable(e.set))
}

// explain says in one sentence what is wrong with a broker and what to change.
// What was seen at the address goes before what the client says, except for a
// refused login, which only the client has tried.
func explain(e evidence) string {
	f := e.found
	switch {
	case f != nil && f.unreachable != causeUnknown:
		e.cause = f.unreachable
	case e.cause == causeLogin:
		return e.explainLogin()
	case f != nil && f.http:
		return e.explainHTTP()
	case f != nil && f.kafka && f.protocol() != e.set.protocol:
		return e.explainProtocol(f.protocol())
	case f != nil && f.certificate != certificateGood && e.set.tls() && e.set.verify:
		return e.explainCertificate()
	case f != nil && f.wantsCertificate && !e.set.clientCertificate:
		return e.explainClientCertificate()
	case f != nil && f.sasl && e.set.sasl() && !slices.Contains(f.mechanisms, e.set.mechanism):
		return e.explainMechanism(f.mechanisms)
	}
	return e.explainText()
}

// explainText goes by the client's words alone.
func (e evidence) explainText() string {
	switch e.cause {
	case causeHTTP:
		return e.explainHTTP()
	case causeNoTLS:
		return e.explainProtocol(strings.TrimSuffix(e.set.protocol, "ssl") + "plaintext")
	case causeNoSASL:
		return e.explainProtocol(withoutSASL[e.set.protocol])
	case causeMechanism:
		_, list, _ := strings.Cut(e.text, "supported mechanisms: ")
		return e.explainMechanism(strings.Split(list, ","))
	case causeClientCert:
		return e.explainClientCertificate()
	case causeCertificate:
		return fmt.Sprintf("broker %s shows a certificate that is not accepted: compare its authority with %s, and its names with the address",
			e.broker, e.set.key("ssl.ca.location"))
	case causeRefused, causeNoRoute, causeNoName, causeSilent:
		return e.explainReach()
	case causeClosed:
		return fmt.Sprintf("broker %s closes connections without a word: is %s (%s) what this port speaks?",
			e.broker, e.set.key("security.protocol"), e.set.protocol)
	}
	if e.text == "" {
		return fmt.Sprintf("broker %s can be reached, but the client gets no answer from it", e.broker)
	}
	return fmt.Sprintf("broker %s: %s", e.broker, e.text)
}

func (e evidence) explainLogin() string {
	user := fmt.Sprintf("broker %s refuses the login of user %q with %s", e.broker, e.set.user, e.set.mechanism)
	name, password := e.set.key("sasl.username"), e.set.key("sasl.password")
	switch {
	case e.set.mechanism == "OAUTHBEARER" || e.set.mechanism == "GSSAPI":
		return fmt.Sprintf("broker %s refuses the login with %s: %s", e.broker, e.set.mechanism, e.text)
	case e.found == nil || e.found.user == userUnasked:
		return fmt.Sprintf("%s: user or password is wrong, correct %s or %s", user, name, password)
	case e.found.user == userUnknown:
		return fmt.Sprintf("%s: it knows no such user, correct %s, or %s if the user has another one",
			user, name, e.set.key("sasl.mechanism"))
	default:
		return fmt.Sprintf("%s: the password is wrong, correct %s", user, password)
	}
}

// explainReach also says where the address comes from.
func (e evidence) explainReach() string {
	source := "or correct kafka.brokers"
	if !slices.Contains(e.set.brokers, e.broker) {
		source = "or correct advertised.listeners there: it is the cluster that names this address"
	}
	host, port, err := net.SplitHostPort(e.broker)
	if err != nil {
		host = e.broker
	}
	switch e.cause {
	case causeRefused:
		return fmt.Sprintf("broker %s refuses connections: nothing listens on port %s, start the broker, %s", e.broker, port, source)
	case causeNoRoute:
		return fmt.Sprintf("broker %s is out of reach, this machine has no route to it: look at the network, %s", e.broker, source)
	case causeNoName:
		return fmt.Sprintf("broker %s has a name that does not resolve, %s: look at the name service, %s", e.broker, host, source)
	default:
		return fmt.Sprintf("broker %s does not answer in time: it hangs, or a firewall drops what is sent: look there, %s", e.broker, source)
	}
}

func (e evidence) explainHTTP() string {
	return fmt.Sprintf("broker %s answers in HTTP, it is no Kafka broker: correct kafka.brokers", e.broker)
}

var withoutSASL = map[string]string{"sasl_ssl": "ssl", "sasl_plaintext": "plaintext"}

// explainProtocol is for a port that speaks something else than it was told.
func (e evidence) explainProtocol(speaks string) string {
	text := fmt.Sprintf("broker %s speaks %s on this port, but %s is %s: set it to %s",
		e.broker, strings.ToUpper(speaks), e.set.key("security.protocol"), e.set.protocol, speaks)
	if strings.HasPrefix(speaks, "sasl") && !e.set.sasl() && e.set.user == "" {
		text += ", with sasl.mechanism, sasl.username and sasl.password beside it"
	}
	return text + ", or name another port in kafka.brokers"
}

func (e evidence) explainCertificate() string {
	host, _, err := net.SplitHostPort(e.broker)
	if err != nil {
		host = e.broker
	}
	ca := e.set.key("ssl.ca.location")
	switch e.found.certificate {
	case certificateUntrusted:
		if e.set.caFile == "" {
			ca += ", which is not set,"
		}
		return fmt.Sprintf("broker %s shows a certificate of an authority that is not trusted, %q: set %s to the file of that authority's certificate",
			e.broker, e.found.issuer, ca)
	case certificateName:
		return fmt.Sprintf("broker %s shows a certificate for %s, not for %s: name the broker in kafka.brokers as its certificate does, or give it another certificate",
			e.broker, strings.Join(e.found.names, ", "), host)
	case certificateExpired:
		return fmt.Sprintf("broker %s shows a certificate that is valid from %s to %s only: renew it there, or set this machine's clock",
			e.broker, e.found.from.UTC().Format("2006-01-02 15:04"), e.found.until.UTC().Format("2006-01-02 15:04"))
	default:
		return fmt.Sprintf("broker %s shows a certificate that is no good for a server: %s", e.broker, e.found.why)
	}
}

func (e evidence) explainClientCertificate() string {
	return fmt.Sprintf("broker %s wants a client's certificate: set %s and %s", e.broker,
		e.set.key("ssl.certificate.location"), e.set.key("ssl.key.location"))
}

func (e evidence) explainMechanism(enabled []string) string {
	enabled = slices.DeleteFunc(slices.Sorted(slices.Values(enabled)), func(m string) bool { return m == "" })
	return fmt.Sprintf("broker %s does not take the SASL mechanism %s: set %s to one that it takes (%s)",
		e.broker, e.set.mechanism, e.set.key("sasl.mechanism"), strings.Join(enabled, ", "))
}

// summary is the sentences of several brokers in one line. What is alike is
// said once.
func summary(all []evidence) string {
	const somewhere = "\x00"
	var order []string
	alike := map[string][]string{}
	for _, e := range all {
		broker := e.broker
		text := strings.ReplaceAll(explain(e), broker, somewhere)
		if alike[text] == nil {
			order = append(order, text)
		}
		alike[text] = append(alike[text], broker)
	}
	for n, text := range order {
		brokers := alike[text]
		order[n] = strings.ReplaceAll(text, somewhere, brokers[0])
		if len(brokers) > 1 {
			order[n] += " (the same: " + strings.Join(brokers[1:], ", ") + ")"
		}
	}
	return oneLine(strings.Join(order, "; "))
}

// oneLine is text without line breaks and other characters that have no place
// in a log line.
func oneLine(text string) string {
	quoted := strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	return strings.TrimSpace(quoted)
}

// reset is how the client says that an offset was no longer there.
var reset = regexp.MustCompile(`(\S+) \[(\d+)\]: offset reset \(at offset (\d+)`)

// explainReset says that messages were lost before they could be read.
func explainReset(text string) string {
	m := reset.FindStringSubmatch(text)
	if m == nil {
		return "the broker no longer has the offset to go on from: messages were deleted before they were read (" + text + ")"
	}
	return fmt.Sprintf("%s[%s]@%s is no longer in the broker: messages were deleted before they were read, look at retention.ms of the topic", m[1], m[2], m[3])
}
