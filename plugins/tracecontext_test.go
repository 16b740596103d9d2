package plugins

import (
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
)

func TestTraceContextOfRequests(t *testing.T) {
	const valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for name, c := range map[string]struct {
		headers       []string // key=value
		parent, state string
	}{
		"none":                     {nil, "", ""},
		"one":                      {[]string{"traceparent=" + valid}, valid, ""},
		"with a state":             {[]string{"tracestate=a=1", "traceparent=" + valid, "tracestate=b=2"}, valid, "a=1|b=2"},
		"in capitals":              {[]string{"TraceParent=" + valid}, valid, ""},
		"of two the last":          {[]string{"traceparent=" + strings.Replace(valid, "0a", "0b", 1), "traceparent=" + valid}, valid, ""},
		"the last is broken":       {[]string{"traceparent=" + valid, "traceparent=x"}, "", ""},
		"a state alone":            {[]string{"tracestate=a=1"}, "", ""},
		"a state of two lines":     {[]string{"traceparent=" + valid, "tracestate=a\r\nEvil: 1"}, valid, ""},
		"a state too large":        {[]string{"traceparent=" + valid, "tracestate=a=" + strings.Repeat("b", maxTracestate)}, valid, ""},
		"capital digits":           {[]string{"traceparent=" + strings.ToUpper(valid)}, "", ""},
		"no version":               {[]string{"traceparent=ff" + valid[2:]}, "", ""},
		"a later version":          {[]string{"traceparent=01" + valid[2:] + "-more"}, "01" + valid[2:] + "-more", ""},
		"a later version, no dash": {[]string{"traceparent=01" + valid[2:] + "more"}, "", ""},
		"more than there is":       {[]string{"traceparent=" + valid + "-more"}, "", ""},
		"endless":                  {[]string{"traceparent=01" + valid[2:] + "-" + strings.Repeat("a", maxParent)}, "", ""},
		"no trace":                 {[]string{"traceparent=00-" + strings.Repeat("0", 32) + valid[35:]}, "", ""},
		"no span":                  {[]string{"traceparent=" + valid[:36] + strings.Repeat("0", 16) + "-01"}, "", ""},
		"no dashes":                {[]string{"traceparent=" + strings.ReplaceAll(valid, "-", "_")}, "", ""},
		"another header":           {[]string{"traceparenx=" + valid}, "", ""},
	} {
		m := &boostd.Message{}
		for _, h := range c.headers {
			key, value, _ := strings.Cut(h, "=")
			m.Headers = append(m.Headers, boostd.Header{Key: key, Value: []byte(value)})
		}
		h := requestHeader(m)
		if got := strings.Join(h[traceparent], "|"); got != c.parent {
			t.Errorf("%s: traceparent is %q, want %q", name, got, c.parent)
		}
		if got := strings.Join(h[tracestate], "|"); got != c.state {
			t.Errorf("%s: tracestate is %q, want %q", name, got, c.state)
		}
	}
}

// Every message posted is looked at for a trace: that must not cost much.
func BenchmarkTraceContext(b *testing.B) {
	m := &boostd.Message{Headers: []boostd.Header{{Key: "traceparent", Value: []byte("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")}}}
	b.ReportAllocs()
	for b.Loop() {
		addTraceContext(map[string][]string{}, m)
	}
}
