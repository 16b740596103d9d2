package kafkaio

import "testing"

func TestPrefetchIsShared(t *testing.T) {
	own := map[string]string{"queued.min.messages": "77", "fetch.wait.max.ms": "88"}
	for _, c := range []struct {
		consumers int
		config    Config
		messages  string
		wait      string
	}{
		{0, Config{}, "1000", "500"},
		{1, Config{}, "10000", "42"},
		{2, Config{}, "10000", "84"},
		{6, Config{}, "5500", "252"},
		{12, Config{}, "2500", "500"},
		{500, Config{}, "1000", "500"},
		{1, Config{Properties: own}, "77", "88"},
		{1, Config{Levels: map[string]LevelConfig{"7": {Properties: own}}}, "77", "88"},
	} {
		got := c.config.sharedProperties("g", "7", c.consumers)
		if messages, wait := got["queued.min.messages"], got["fetch.wait.max.ms"]; messages != c.messages || wait != c.wait {
			t.Errorf("%d consumers, properties %v: %s and %s, want %s and %s", c.consumers, c.config.Properties, messages, wait, c.messages, c.wait)
		}
	}
}
