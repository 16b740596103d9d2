package tracing

import (
	"errors"
	"strings"
	"testing"
)

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		config  Config
		want    []string // parts of the errors, in order
		warning string
	}{
		"nothing":                     {Config{}, nil, ""},
		"HTTP":                        {Config{Endpoint: "http://127.0.0.1:4318"}, nil, ""},
		"HTTP on IPv6":                {Config{Endpoint: "http://[::1]:4318", TokenFile: "t"}, nil, ""},
		"HTTP by name":                {Config{Endpoint: "http://localhost:4318", TokenFile: "t", Sample: "0", Service: "orders", Keys: true}, nil, ""},
		"HTTPS":                       {Config{Endpoint: "https://collector/otlp", TokenFile: "t", CAFile: "c", Sample: "1"}, nil, ""},
		"gRPC":                        {Config{Endpoint: "grpc://127.0.0.1:4317"}, nil, ""},
		"gRPC with TLS":               {Config{Endpoint: "grpcs://collector:4317", CAFile: "c", TokenFile: "t"}, nil, ""},
		"plain to elsewhere":          {Config{Endpoint: "http://collector:4318"}, nil, "endpoint: spans travel in plain text"},
		"plain gRPC to elsewhere":     {Config{Endpoint: "grpc://10.0.0.1:4317"}, nil, "endpoint: spans travel in plain text"},
		"a token in plain text":       {Config{Endpoint: "http://collector:4318", TokenFile: "t"}, []string{"token_file: the token would travel"}, "endpoint: "},
		"certificates for plain HTTP": {Config{Endpoint: "http://127.0.0.1:4318", CAFile: "c"}, []string{"ca_file: is for an endpoint https://"}, ""},
		"a password":                  {Config{Endpoint: "https://u:geheim@collector"}, []string{"endpoint: has a user or a password"}, ""},
		"a broken password":           {Config{Endpoint: "https://u:geheim@:%"}, []string{"endpoint: want an address"}, ""},
		"no host":                     {Config{Endpoint: "http://"}, []string{"endpoint: want an address"}, ""},
		"no scheme":                   {Config{Endpoint: "127.0.0.1:4318"}, []string{"endpoint: "}, ""},
		"another scheme":              {Config{Endpoint: "ftp://127.0.0.1"}, []string{`endpoint: "ftp" is unknown`}, ""},
		"a query":                     {Config{Endpoint: "https://collector/?key=geheim"}, []string{"endpoint: want an address"}, ""},
		"gRPC without a port":         {Config{Endpoint: "grpcs://collector"}, []string{"endpoint: want grpc://host:port"}, ""},
		"gRPC with a path":            {Config{Endpoint: "grpcs://collector:1/x"}, []string{"endpoint: want grpc://host:port"}, ""},
		"no endpoint":                 {Config{Sample: "0.5", TokenFile: "t", CAFile: "c", Service: "s", Keys: true}, []string{"sample: is for endpoint", "token_file: is for", "ca_file: is for", "service: is for", "keys: is for"}, ""},
		"too many":                    {Config{Endpoint: "http://127.0.0.1:1", Sample: "1.1"}, []string{"sample: \"1.1\": want a number from 0 to 1"}, ""},
		"negative":                    {Config{Endpoint: "http://127.0.0.1:1", Sample: "-0.1"}, []string{"sample: "}, ""},
		"no number":                   {Config{Endpoint: "http://127.0.0.1:1", Sample: "NaN"}, []string{"sample: "}, ""},
		"percent":                     {Config{Endpoint: "http://127.0.0.1:1", Sample: "1%"}, []string{"sample: "}, ""},
		"a service of two lines":      {Config{Endpoint: "http://127.0.0.1:1", Service: "a\nb"}, []string{"service: "}, ""},
		"a long service":              {Config{Endpoint: "http://127.0.0.1:1", Service: strings.Repeat("a", 256)}, []string{"service: "}, ""},
	} {
		c.config.SetDefaults()
		errs := c.config.Validate()
		for n := range max(len(errs), len(c.want)) {
			if n >= len(errs) || n >= len(c.want) || !strings.HasPrefix(errs[n].Error(), c.want[n]) {
				t.Errorf("%s: %v, want %q", name, errs, c.want)
				break
			}
		}
		var warning string
		if w := errors.Join(c.config.Warnings()...); w != nil {
			warning = w.Error()
		}
		if !strings.HasPrefix(warning, c.warning) || (warning == "") != (c.warning == "") {
			t.Errorf("%s: warns %q, want %q", name, warning, c.warning)
		}
		if all := errors.Join(errs...); all != nil && strings.Contains(all.Error()+warning, "geheim") {
			t.Errorf("%s: %v shows a password", name, all)
		}
	}
}
