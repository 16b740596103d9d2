package configwatch

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/kafkaboost/boostd"
)

// Config is the section `settings:` of boostd.yaml.
type Config struct {
	// Source is where the document is: file:PATH, where a relative path counts from
	// the folder of boostd.yaml; s3://BUCKET/FOLDER/ for the newest settings-TIME.json
	// of a folder, or s3://BUCKET/KEY for one object; https://HOST/PATH.
	Source string `yaml:"source" schema:"required"`
	// Refresh is the time between two looks at it: 1s to 1h, default 10s. A file's
	// change is seen at once where the system tells of it.
	Refresh boostd.Duration `yaml:"refresh"`
	// S3 says how a source s3: is reached, beyond what the AWS SDK finds by itself.
	S3 S3Config `yaml:"s3"`
	// HTTPS says how a source https: is reached.
	HTTPS HTTPSConfig `yaml:"https"`
}

// S3Config is the section `settings.s3:`. Credentials are looked for where the AWS
// SDK does: environment, shared files, web identity, container, instance.
type S3Config struct {
	// Endpoint is the address of a server that isn't AWS's.
	Endpoint string `yaml:"endpoint"`
	// Region is the bucket's. Default: the SDK's, else us-east-1.
	Region string `yaml:"region"`
	// Profile is a section of the SDK's shared files.
	Profile string `yaml:"profile"`
	// PathStyle puts the bucket into the path instead of the host's name.
	PathStyle bool `yaml:"path_style"`
}

// HTTPSConfig is the section `settings.https:`.
type HTTPSConfig struct {
	// TokenFile has a bearer token, read anew for each request.
	TokenFile string `yaml:"token_file"`
	// CAFile has certificates to trust instead of the system's.
	CAFile string `yaml:"ca_file"`
}

const (
	defaultRefresh       = 10 * time.Second
	minRefresh           = time.Second
	maxRefresh           = time.Hour
	schemeFile, schemeS3 = "file", "s3"
	schemeHTTPS, schemeH = "https", "http"
)

// SetDefaults fills what is absent.
func (c *Config) SetDefaults() {
	if c.Refresh == 0 {
		c.Refresh = boostd.Duration(defaultRefresh)
	}
}

// Validate returns everything that is wrong. Each error's text begins with the
// path of its key inside the section. No error shows an address: it may have a
// password in it.
func (c Config) Validate() []error {
	var errs []error
	if err := c.checkSource(); err != nil {
		errs = append(errs, err)
	}
	if r := c.Refresh.Std(); r < minRefresh || r > maxRefresh {
		errs = append(errs, fmt.Errorf("refresh: %v: want %v to %v", c.Refresh, minRefresh, maxRefresh))
	}
	if err := checkEndpoint(c.S3.Endpoint); err != nil {
		errs = append(errs, err)
	}
	return errs
}

func (c Config) scheme() string {
	scheme, _, _ := strings.Cut(c.Source, ":")
	return scheme
}

func (c Config) checkSource() error {
	_, rest, _ := strings.Cut(c.Source, ":")
	switch c.scheme() {
	case "":
		return fmt.Errorf("source: is missing: say where the settings document is, such as file:settings.json")
	case schemeFile:
		if rest != "" && rest != "//" && (!strings.HasPrefix(rest, "//") || strings.HasPrefix(rest, "///")) {
			return nil
		}
	case schemeS3:
		bucket, key, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "/")
		if strings.HasPrefix(rest, "//") && bucket != "" && key != "" {
			return nil
		}
		return fmt.Errorf("source: want s3://BUCKET/FOLDER/, such as s3://my-bucket/users/user123/, or s3://BUCKET/KEY for one object")
	case schemeHTTPS, schemeH:
		return checkURL("source", c.Source)
	}
	return fmt.Errorf("source: want file:PATH, such as file:settings.json or file:///etc/boostd/settings.json, or s3://BUCKET/FOLDER/, or https://HOST/PATH")
}

func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	return checkURL("s3.endpoint", endpoint)
}

// checkURL wants an address that shows nobody what is asked for.
func checkURL(key, address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != schemeHTTPS && u.Scheme != schemeH:
		return fmt.Errorf("%s: want an address such as https://host/path", key)
	case u.User != nil:
		return fmt.Errorf("%s: has a user or a password in it, which logs and status would show: take it out", key)
	case u.Scheme == schemeH && !loopback(u.Hostname()):
		return fmt.Errorf("%s: want https; http is for this machine alone, such as http://127.0.0.1:8080/settings", key)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// path is the file that Source names, or empty; dir is the folder of boostd.yaml.
func (c Config) path(dir string) string {
	if c.scheme() != schemeFile {
		return ""
	}
	path := strings.TrimPrefix(strings.TrimPrefix(c.Source, "file:"), "//")
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
