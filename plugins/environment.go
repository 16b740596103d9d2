package plugins

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kafkaboost/boostd"
)

// What a program that is started for each message is told beside the value, which
// is its standard input.
//
//	BOOSTD_TOPIC        the topic's name
//	BOOSTD_PARTITION    decimal
//	BOOSTD_OFFSET       decimal
//	BOOSTD_LEVEL        decimal: the message's priority
//	BOOSTD_ATTEMPT      decimal, from 1
//	BOOSTD_TIMESTAMP    when it was produced: RFC 3339, UTC, up to nanoseconds;
//	                    absent when nobody knows
//	BOOSTD_KEY          the key, when it is fit for a variable; absent when there
//	                    is none
//	BOOSTD_KEY_B64      instead of it: any other key, in base64
//	BOOSTD_HEADER_N     the value of the message header N, when N has only letters,
//	                    digits and '_' and the value is fit; of repeated headers
//	                    the last, as Kafka's own clients read them
//	BOOSTD_HEADERS_B64  all other headers in their order, with a space between two:
//	                    the name in base64, then, unless the value is null, a dot
//	                    and the value in base64
//	BOOSTD_TOMBSTONE    "true" when the message has no value
//
// Fit is UTF-8 without a NUL byte. Base64 is the standard alphabet with padding.
// All of it has at most 64 KiB.
const (
	messagePrefix = "BOOSTD_"
	envHeader     = messagePrefix + "HEADER_"
)

// programEnv is all of the daemon's environment that programs get to see, the rest
// may be secret, with the handler's own variables in it.
func programEnv(own map[string]boostd.Secret) []string {
	env := []string{}
	for _, name := range []string{"PATH", "HOME", "LANG", "TZ"} {
		if _, replaced := own[name]; replaced {
			continue
		}
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		env = append(env, name+"="+own[name].Reveal())
	}
	return env
}

// messageEnv are the variables about a message. The error says that there is no
// room for them, which won't change.
func messageEnv(m *boostd.Message) ([]string, error) {
	env := make([]string, 0, 10+len(m.Headers))
	add := func(name, value string) { env = append(env, messagePrefix+name+"="+value) }
	add("TOPIC", m.Topic)
	add("PARTITION", strconv.Itoa(int(m.Partition)))
	add("OFFSET", strconv.FormatInt(m.Offset, 10))
	add("LEVEL", strconv.Itoa(int(m.Level)))
	add("ATTEMPT", strconv.Itoa(m.Attempt))
	if !m.ProducedAt.IsZero() {
		add("TIMESTAMP", m.ProducedAt.UTC().Format(time.RFC3339Nano))
	}
	switch {
	case m.Key == nil:
	case fit(m.Key):
		add("KEY", string(m.Key))
	default:
		add("KEY_B64", base64.StdEncoding.EncodeToString(m.Key))
	}
	if m.Value == nil {
		add("TOMBSTONE", "true")
	}
	env = appendHeaders(env, m.Headers)
	total := 0
	for _, e := range env {
		total += len(e) + 1
	}
	if total > maxEnvironment {
		return nil, fmt.Errorf("key and headers don't fit into a program's environment: %d bytes, of at most %d", total, maxEnvironment)
	}
	return env, nil
}

func appendHeaders(env []string, headers []boostd.Header) []string {
	var rest []string
	last := make(map[string]bool, len(headers))
	for _, h := range slices.Backward(headers) {
		if !last[h.Key] && wordOnly(h.Key) && h.Value != nil && fit(h.Value) {
			env = append(env, envHeader+h.Key+"="+string(h.Value))
		} else {
			rest = append(rest, headerB64Text(&h))
		}
		last[h.Key] = true
	}
	if len(rest) > 0 {
		slices.Reverse(rest)
		env = append(env, messagePrefix+"HEADERS_B64="+strings.Join(rest, " "))
	}
	return env
}

// fit reports whether bytes can be a variable's value.
func fit(b []byte) bool { return utf8.Valid(b) && !slices.Contains(b, 0) }

// wordOnly reports whether a name can be the end of a variable's.
func wordOnly(s string) bool { return variable.MatchString("_"+s) && s != "" }
