package kafkaio

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd/suggest"
)

// SecretProperty reports whether nobody may see a property's value.
func SecretProperty(name string) bool {
	for _, end := range []string{"password", "passphrase", "secret", "key.pem", "jaas.config", "oauthbearer.config"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// FindProperty is librdkafka's spelling of a name that a person wrote with other
// separators, such as session_timeout_ms or sessionTimeoutMs.
func FindProperty(name string) (string, bool) {
	known, ok := byLetters()[letters(name)]
	return known, ok
}

var byLetters = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, known := range propertyNames {
		m[letters(known)] = known
	}
	return m
})

func letters(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(name))
}

// nearProperty is a hint to what a name was meant to be.
func nearProperty(name string) string {
	if known, ok := FindProperty(name); ok {
		return fmt.Sprintf(", did you mean %q?", known)
	}
	return suggest.DidYouMean(name, propertyNames, 3)
}

// layer is one of the sections that properties stand in, and what is below it.
type layer struct {
	section    string
	own, below map[string]string
}

func (c Config) layers() []layer {
	all := []layer{{"properties", c.Properties, nil}, {"producer_properties", c.ProducerProperties, c.Properties}}
	for _, level := range slices.Sorted(maps.Keys(c.Levels)) {
		all = append(all, layer{"levels." + level + ".properties", c.Levels[level].Properties, c.Properties})
	}
	return all
}

// securityErrors are contradictions between a layer's properties: what is
// written would have no effect, or another than was meant.
func (l layer) securityErrors(wrong func(string, string, ...any)) {
	all := merge(l.below, l.own)
	protocol := strings.ToLower(all["security.protocol"])
	sasl, tls := strings.HasPrefix(protocol, "sasl_"), strings.HasSuffix(protocol, "ssl")
	for _, name := range slices.Sorted(maps.Keys(l.own)) {
		key := l.section + "." + name
		switch {
		case strings.HasPrefix(name, "sasl.") && protocol == "":
			wrong(key, "has no effect without security.protocol: set that to sasl_ssl, or to sasl_plaintext")
		case strings.HasPrefix(name, "ssl.") && protocol == "":
			wrong(key, "has no effect without security.protocol: set that to ssl or sasl_ssl")
		case strings.HasPrefix(name, "sasl.") && !sasl:
			wrong(key, "has no effect while security.protocol is %s: want sasl_ssl or sasl_plaintext", protocol)
		case strings.HasPrefix(name, "ssl.") && !tls:
			wrong(key, "has no effect while security.protocol is %s: want ssl or sasl_ssl", protocol)
		}
	}
	if _, own := l.own["security.protocol"]; own && sasl && all["sasl.mechanism"]+all["sasl.mechanisms"] == "" {
		wrong(l.section+".security.protocol", "%s wants sasl.mechanism too, such as SCRAM-SHA-512", protocol)
	}
}

// Warnings are what a person should know about the section.
func (c Config) Warnings() []error {
	var warnings []error
	for _, l := range c.layers() {
		_, own := l.own["security.protocol"]
		all := merge(l.below, l.own)
		if own && strings.EqualFold(all["security.protocol"], "sasl_plaintext") && strings.EqualFold(mechanism(all), "PLAIN") {
			warnings = append(warnings, fmt.Errorf("%s.security.protocol: the password crosses the network in the clear: use sasl_ssl", l.section))
		}
	}
	return warnings
}

func mechanism(properties map[string]string) string {
	if m := properties["sasl.mechanism"]; m != "" {
		return m
	}
	return properties["sasl.mechanisms"]
}

// CheckClients lets the Kafka client look at all properties, names and values,
// without a broker's address: nothing is connected. Errors are as Validate's.
func (c Config) CheckClients() []error {
	var errs []error
	for _, l := range c.layers() {
		if len(l.own) > 0 {
			errs = append(errs, l.clientErrors(c)...)
		}
	}
	return errs
}

// clientErrors asks about each property alone, and then makes clients until one
// can be made: the client reports one contradiction at a time, so the property
// that it names is left out for the next try.
func (l layer) clientErrors(c Config) (errs []error) {
	properties := l.forTrial(c)
	if len(properties) > len(propertyNames) {
		return []error{fmt.Errorf("%s: has %d entries, more than the Kafka client has properties", l.section, len(l.own))}
	}
	for _, name := range slices.Sorted(maps.Keys(merge(l.below, l.own))) {
		value, there := properties[name]
		err := refusedAlone(name, value)
		if !there || err == nil {
			continue
		}
		if _, own := l.own[name]; own {
			errs = append(errs, fmt.Errorf("%s.%s: %s", l.section, name, refusal(name, err)))
		}
		delete(properties, name)
	}
	keepStill(properties)
	for range len(l.own) + len(l.below) + 1 {
		err := tryClient(properties, l.section == "producer_properties")
		if err == nil {
			return errs
		}
		name, own := l.blame(err.Error())
		if own {
			errs = append(errs, fmt.Errorf("%s: %s", strings.TrimSuffix(l.section+"."+name, "."), refusal(name, err)))
		}
		if name == "" {
			return errs
		}
		delete(properties, name)
		if name == "sasl.mechanism" {
			delete(properties, "security.protocol") // it would mean Kerberos now
		}
	}
	return errs
}

// forTrial are the layer's properties as a client of its kind would have them,
// but for brokers' addresses.
func (l layer) forTrial(c Config) map[string]string {
	base := Config{Start: c.Start, Assignor: c.Assignor}.ConsumerProperties("check", "base")
	if l.section == "producer_properties" {
		base = map[string]string{"client.id": "boostd-check", "acks": "all", "enable.idempotence": "true"}
	}
	delete(base, "bootstrap.servers")
	properties := merge(base, l.below, l.own)
	for name := range owned {
		if _, ours := base[name]; !ours {
			delete(properties, name) // refused already, and some of them connect
		}
	}
	delete(properties, "plugin.library.paths") // to set it loads code
	return properties
}

// refusedAlone is what the client says to one property. No client is made: the
// poll interval is shorter than the session, which is found after that.
func refusedAlone(name, value string) error {
	m := map[string]string{"group.id": "check", "session.timeout.ms": "10000", "max.poll.interval.ms": "1"}
	m[name] = value
	if err := tryClient(m, false); err != nil {
		for _, beginning := range []string{"No such configuration property", "Invalid value", "Configuration property ", "Expected bool value"} {
			if strings.HasPrefix(err.Error(), beginning) {
				return err
			}
		}
	}
	return nil
}

// keepStill takes out what makes a new client do something by itself: start
// kinit, ask for a token.
func keepStill(properties map[string]string) {
	delete(properties, "sasl.oauthbearer.method")
	switch m := strings.ToUpper(mechanism(properties)); {
	case m != "GSSAPI" && m != "OAUTHBEARER":
	case strings.EqualFold(properties["security.protocol"], "sasl_ssl"):
		properties["security.protocol"] = "ssl"
	case strings.EqualFold(properties["security.protocol"], "sasl_plaintext"):
		delete(properties, "security.protocol")
	}
}

func tryClient(properties map[string]string, producer bool) error {
	if producer {
		p, err := kafka.NewProducer(configMap(properties))
		if err != nil {
			return err
		}
		p.Close()
		return nil
	}
	consumer, err := kafka.NewConsumer(configMap(properties))
	if err != nil {
		return err
	}
	return consumer.Close()
}

// blame is the property that an error is about: the longest name in its text.
// own says that the layer is to blame: for its own property, and for an error
// that names none.
func (l layer) blame(text string) (name string, own bool) {
	for candidate := range merge(l.below, l.own) {
		if strings.Contains(text, candidate) && len(candidate) > len(name) {
			name = candidate
		}
	}
	if name == "" && strings.Contains(text, "SASL mechanism") {
		name = "sasl.mechanism"
	}
	_, own = l.own[name]
	return name, own || name == ""
}

// ClientSays begins errors of CheckClients whose text is the client's own: it
// may show values.
const ClientSays = "the Kafka client says: "

// refusal is the client's text, without what the key says already.
func refusal(name string, err error) string {
	text := strings.TrimSuffix(strings.Join(strings.Fields(err.Error()), " "), ".")
	switch {
	case strings.HasPrefix(text, "Unsupported SASL mechanism"):
		return "the Kafka client has no such mechanism: want PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or GSSAPI"
	case strings.HasPrefix(text, "No such configuration property"):
		return "the Kafka client has no such property" + nearProperty(name)
	case strings.HasPrefix(text, "Invalid value"): // some show the value, others don't
		return "the Kafka client doesn't accept its value"
	}
	return ClientSays + text
}
