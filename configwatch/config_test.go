package configwatch

import (
	"fmt"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestValidate(t *testing.T) {
	const (
		wrong  = "source: want file:PATH, such as file:settings.json or file:///etc/boostd/settings.json, or s3://BUCKET/FOLDER/, or https://HOST/PATH"
		bucket = "source: want s3://BUCKET/FOLDER/, such as s3://my-bucket/users/user123/, or s3://BUCKET/KEY for one object"
		user   = "source: has a user or a password in it, which logs and status would show: take it out"
		far    = "source: want https; http is for this machine alone, such as http://127.0.0.1:8080/settings"
	)
	for _, c := range []struct{ source, want string }{
		{"file:settings.json", ""},
		{"file:/etc/boostd/settings.json", ""},
		{"file:///etc/boostd/settings.json", ""},
		{"file:a: b.json", ""},
		{"s3://bucket/users/u/", ""},
		{"s3://bucket/settings.json", ""},
		{"https://h/x", ""},
		{"http://127.0.0.1:80/x", ""},
		{"http://[::1]/x", ""},
		{"http://localhost/x", ""},
		{"", "source: is missing: say where the settings document is, such as file:settings.json"},
		{"file:", wrong},
		{"file://", wrong},
		{"file://host/settings.json", wrong},
		{"settings.json", wrong},
		{"FILE:x", wrong},
		{"ftp://u:canary@h/x", wrong},
		{"s3://bucket", bucket},
		{"s3://bucket/", bucket},
		{"s3:///users/u/", bucket},
		{"s3:bucket/users/u/", bucket},
		{"https://u:canary@h/x", user},
		{"https:///x", "source: want an address such as https://host/path"},
		{"https://h:canary/x", "source: want an address such as https://host/path"},
		{"http://h/x", far},
		{"http://10.0.0.1/x", far},
	} {
		config := Config{Source: c.source}
		config.SetDefaults()
		if got := fmt.Sprint(config.Validate()); got != "["+c.want+"]" {
			t.Errorf("%q:\n got %s\nwant %s", c.source, got, c.want)
		}
	}
}

func TestValidateTheRest(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{Source: "file:x", Refresh: boostd.Duration(time.Hour)}, ""},
		{Config{Source: "file:x", Refresh: boostd.Duration(time.Millisecond)}, "refresh: 1ms: want 1s to 1h0m0s"},
		{Config{Source: "file:x", Refresh: boostd.Duration(2 * time.Hour)}, "refresh: 2h0m0s: want 1s to 1h0m0s"},
		{Config{Source: "s3://b/k", S3: S3Config{Endpoint: "http://127.0.0.1:7070", PathStyle: true}}, ""},
		{Config{Source: "s3://b/k", S3: S3Config{Endpoint: "127.0.0.1:7070"}}, "s3.endpoint: want an address such as https://host/path"},
		{Config{Source: "s3://b/k", S3: S3Config{Endpoint: "https://u:canary@h"}}, "s3.endpoint: has a user or a password in it, which logs and status would show: take it out"},
		{Config{Source: "http://127.0.0.1/x", HTTPS: HTTPSConfig{TokenFile: "t"}}, ""},
	} {
		c.config.SetDefaults()
		if got := fmt.Sprint(c.config.Validate()); got != "["+c.want+"]" {
			t.Errorf("%+v:\n got %s\nwant %s", c.config, got, c.want)
		}
	}
}

func TestPath(t *testing.T) {
	for source, want := range map[string]string{
		"file:settings.json":     "/etc/boostd/settings.json",
		"file:./s/../t.json":     "/etc/boostd/t.json",
		"file:../t.json":         "/etc/t.json",
		"file:/var/lib/s.json":   "/var/lib/s.json",
		"file:///var/lib/s.json": "/var/lib/s.json",
	} {
		if got := (Config{Source: source}).path("/etc/boostd"); got != want {
			t.Errorf("%s is %s, want %s", source, got, want)
		}
	}
	if got := (Config{Source: "file:s.json"}).path("."); got != "s.json" {
		t.Errorf("beside a boostd.yaml without a folder: %s", got)
	}
}
