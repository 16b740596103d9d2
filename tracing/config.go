package tracing

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// Config is the section `tracing:` of boostd.yaml.
type Config struct {
	// Endpoint is the collector that takes spans as OTLP: http://127.0.0.1:4318 or
	// https://…, to whose path /v1/traces is added, or with gRPC grpc://127.0.0.1:4317
	// or, with TLS, grpcs://…. Empty: there is no tracing.
	Endpoint string `yaml:"endpoint"`
	// Sample is the part of the messages without a trace that begin one: 0 to 1, default
	// 0.01. A message that brings a trace follows what was decided there.
	Sample string `yaml:"sample"`
	// TokenFile has a bearer token for the collector, read anew for each request.
	// Relative to boostd.yaml.
	TokenFile string `yaml:"token_file"`
	// CAFile has certificates to trust instead of the system's. Relative to boostd.yaml.
	CAFile string `yaml:"ca_file"`
	// Service is what traces call this program, service.name: default boostd.
	Service string `yaml:"service"`
	// Keys, false unless said otherwise, puts a message's key into its span, where it is
	// printable and at most 200 bytes long.
	Keys bool `yaml:"keys"`
}

const (
	defaultSample  = "0.01"
	defaultService = "boostd"
	maxService     = 255

	schemeHTTP, schemeHTTPS = "http", "https"
	schemeGRPC, schemeGRPCS = "grpc", "grpcs"
)

// SetDefaults fills what is absent.
func (c *Config) SetDefaults() {
	if c.Sample == "" {
		c.Sample = defaultSample
	}
	if c.Service == "" {
		c.Service = defaultService
	}
}

// Validate returns everything that is wrong, after SetDefaults. No error shows the
// endpoint: it may have a password in it.
func (c Config) Validate() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Endpoint == "" {
		for _, key := range c.withoutEndpoint() {
			bad("%s: is for endpoint, which is missing", key)
		}
	} else if u, err := c.endpoint(); err != nil {
		errs = append(errs, err)
	} else {
		errs = append(errs, c.checkSafety(u)...)
	}
	if _, err := c.ratio(); err != nil {
		errs = append(errs, err)
	}
	if len(c.Service) > maxService || strings.TrimSpace(c.Service) != c.Service || strings.ContainsFunc(c.Service, func(r rune) bool { return !unicode.IsPrint(r) }) {
		bad("service: %.40q: want a printable name of at most %d bytes, without a space at either end", c.Service, maxService)
	}
	return errs
}

// withoutEndpoint are the keys that say something, where nothing is to be done.
func (c Config) withoutEndpoint() (keys []string) {
	for _, k := range []struct {
		key   string
		given bool
	}{
		{"sample", c.Sample != defaultSample}, {"token_file", c.TokenFile != ""}, {"ca_file", c.CAFile != ""},
		{"service", c.Service != defaultService}, {"keys", c.Keys},
	} {
		if k.given {
			keys = append(keys, k.key)
		}
	}
	return keys
}

func (c Config) checkSafety(u *url.URL) []error {
	var errs []error
	if c.TokenFile != "" && !secure(u) && !loopback(u.Hostname()) {
		errs = append(errs, fmt.Errorf("token_file: the token would travel in plain text to another machine: want an endpoint https:// or grpcs://"))
	}
	if c.CAFile != "" && !secure(u) {
		errs = append(errs, fmt.Errorf("ca_file: is for an endpoint https:// or grpcs://"))
	}
	return errs
}

// Warnings are what a person should know about the section.
func (c Config) Warnings() []error {
	u, err := c.endpoint()
	if c.Endpoint == "" || err != nil || secure(u) || loopback(u.Hostname()) {
		return nil
	}
	return []error{fmt.Errorf("endpoint: spans travel in plain text to another machine, with topics and reasons of failures: use https:// or grpcs://, or a collector on this machine")}
}

// endpoint is the collector's address.
func (c Config) endpoint() (*url.URL, error) {
	u, err := url.Parse(c.Endpoint)
	switch {
	case err != nil || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("endpoint: want an address such as http://127.0.0.1:4318 or grpc://127.0.0.1:4317")
	case u.User != nil:
		return nil, fmt.Errorf("endpoint: has a user or a password in it, which logs would show: use token_file")
	}
	switch u.Scheme {
	case schemeHTTP, schemeHTTPS:
		return u, nil
	case schemeGRPC, schemeGRPCS:
		if u.Port() == "" || strings.Trim(u.Path, "/") != "" {
			return nil, fmt.Errorf("endpoint: want grpc://host:port or grpcs://host:port, such as grpc://127.0.0.1:4317")
		}
		return u, nil
	}
	return nil, fmt.Errorf("endpoint: %.20q is unknown: want http, https, grpc or grpcs", u.Scheme)
}

func secure(u *url.URL) bool { return u.Scheme == schemeHTTPS || u.Scheme == schemeGRPCS }

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// ratio is Sample as a number.
func (c Config) ratio() (float64, error) {
	n, err := strconv.ParseFloat(c.Sample, 64)
	if err != nil || !(n >= 0 && n <= 1) { // NaN is none of it
		return 0, fmt.Errorf("sample: %.40q: want a number from 0 to 1, such as %s", c.Sample, defaultSample)
	}
	return n, nil
}
