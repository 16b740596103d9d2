package plugins

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
)

// ExecOptions say how the programs of an exec handler are run.
type ExecOptions struct {
	// PerMessage, false unless said otherwise, starts the program for each message:
	// the value is its standard input, its exit code the result.
	PerMessage bool `yaml:"per_message"`
}

func (o ExecOptions) validate(kind string) []error {
	if o.PerMessage && kind != "" && kind != "exec" {
		return []error{fmt.Errorf("exec_options: is for exec, and this is %s: leave it out", kind)}
	}
	return nil
}

// HTTPOptions say how an http handler's service is reached. The files are read
// again when they have changed; relative paths count from the folder of
// boostd.yaml.
type HTTPOptions struct {
	// TokenFile has a bearer token, which each request carries; for https, and http
	// on this machine.
	TokenFile string `yaml:"token_file"`
	// CAFile has certificates to trust instead of the system's, in PEM.
	CAFile string `yaml:"ca_file"`
	// CertFile has the certificate that the service is shown, in PEM, with those that
	// lead to its signer.
	CertFile string `yaml:"cert_file"`
	// KeyFile has the key of that certificate, in PEM.
	KeyFile string `yaml:"key_file"`
	// HTTP2, false unless said otherwise, uses HTTP/2: with https where the service
	// has it, else HTTP/1.1; with http in any case, from the first byte.
	HTTP2 bool `yaml:"http2"`
	// Later, false unless said otherwise, lets the service take a message for a time, by
	// an answer 202 with the header Boostd-Lease, and post its result to the console.
	Later bool `yaml:"later"`
}

func (o HTTPOptions) validate(kind, address string) []error {
	if o == (HTTPOptions{}) {
		return nil
	}
	if kind != "" && kind != "http" {
		return []error{fmt.Errorf("http_options: is for http, and this is %s: leave it out", kind)}
	}
	var errs []error
	if (o.CertFile == "") != (o.KeyFile == "") {
		errs = append(errs, errors.New("http_options: cert_file and key_file belong together: name both, or none"))
	}
	u, err := parseAddress(address)
	if err != nil || u.Scheme == "https" {
		return errs
	}
	for _, f := range []struct{ key, value string }{{"ca_file", o.CAFile}, {"cert_file", o.CertFile}, {"key_file", o.KeyFile}} {
		if f.value != "" {
			errs = append(errs, fmt.Errorf("http_options.%s: is for an https address, and this one is http", f.key))
		}
	}
	if o.TokenFile != "" && !loopback(u) {
		errs = append(errs, errors.New("http_options.token_file: with http anybody on the way could read the token: want an https address"))
	}
	return errs
}

// loopback reports whether an address is this machine's own.
func loopback(u *url.URL) bool {
	if u.Hostname() == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.Unmap().IsLoopback()
}

// beside makes the paths absolute.
func (o *HTTPOptions) beside(path func(string) string) {
	for _, file := range []*string{&o.TokenFile, &o.CAFile, &o.CertFile, &o.KeyFile} {
		if *file != "" {
			*file = path(*file)
		}
	}
}

// Beside gives the files that the configuration names, but for the audit, their
// full paths: path makes one of a path as boostd.yaml has it.
func (c *Config) Beside(path func(string) string) { c.HTTPOptions.beside(path) }

// ForwardConfig is where a forward handler's messages go. One of the two is given.
type ForwardConfig struct {
	// Topic is the topic that messages are written to; with Route the base topic of
	// their levels' topics.
	Topic string `yaml:"topic"`
	// Route, false unless said otherwise, writes each message to the topic of its
	// level, by the settings in force. Without Topic that is one of the base topic
	// that it came from.
	Route bool `yaml:"route"`
	// Transactions, false unless said otherwise, writes each message exactly once, for
	// who reads with isolation.level=read_committed: in a Kafka transaction together
	// with the commit of the message it came from.
	Transactions bool `yaml:"transactions"`
}

func (f ForwardConfig) validate() []error {
	if f.Topic == "" && !f.Route {
		return []error{errors.New("forward: says nothing: want topic: the topic to write to; or route: true for the topics of the messages' levels")}
	}
	return nil
}
