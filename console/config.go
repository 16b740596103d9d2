package console

import (
	"fmt"
	"net"
	"strconv"
)

// Config is the section `console:`.
type Config struct {
	// Listen is host:port for metrics, health and status; empty listens on no
	// port. Another host than loopback wants a token.
	Listen string `yaml:"listen"`
	// TokenFile names a file whose first line every request must carry as
	// "Authorization: Bearer …", but for health. Relative to boostd.yaml.
	TokenFile string `yaml:"token_file"`
	// Produce, false unless said otherwise, lets who may ask on listen also send
	// messages, with POST /v1/produce/{topic}. The control socket always does.
	Produce bool `yaml:"produce"`
}

// Validate returns what is wrong with the section.
func (c Config) Validate() []error {
	if c.Listen == "" {
		if c.TokenFile != "" {
			return []error{fmt.Errorf("token_file: is for listen, which is missing")}
		}
		if c.Produce {
			return []error{fmt.Errorf("produce: is for listen, which is missing; the control socket needs no permission")}
		}
		return nil
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return []error{fmt.Errorf("listen: %q: want host:port, such as 127.0.0.1:8484", c.Listen)}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 && port != "0" {
		return []error{fmt.Errorf("listen: %q: want a port from 0 to 65535", c.Listen)}
	}
	if c.TokenFile == "" && !loopback(host) {
		return []error{fmt.Errorf("listen: %q is reachable from other machines: name a token_file, or listen on 127.0.0.1", c.Listen)}
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
