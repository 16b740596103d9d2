package kafkaio

import "testing"

func TestPrefetchIsShared(t *testing.T) {
	own := map[string]string{"queued.min.messages": "77"}
	for _, c := range []struct {
		consumers int
		config    Config
		want      string
	}{
		{0, Config{}, "1000"},
		{1, Config{}, "10000"},
		{2, Config{}, "10000"},
		{6, Config{}, "3000"},
		{12, Config{}, "1000"},
		{500, Config{}, "1000"},
		{1, Config{Properties: own}, "77"},
		{1, Config{Levels: map[string]LevelConfig{"7": {Properties: own}}}, "77"},
	} {
		if got := c.config.sharedProperties("g", "7", c.consumers)["queued.min.messages"]; got != c.want {
			t.Errorf("%d consumers, properties %v: %s, want %s", c.consumers, c.config.Properties, got, c.want)
		}
	}
}
