package docs

import (
	"regexp"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/kafkaio"
)

// Every property that MIGRATION.md gives for an argument of kafka-python is one of
// librdkafka's, and boostd leaves it to the user.
func TestMigrationNamesProperties(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "MIGRATION.md"), "| kafka-python | boostd |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	named := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		for _, m := range regexp.MustCompile("`([a-z.]+)`").FindAllStringSubmatch(cells[2], -1) {
			name := m[1]
			if strings.HasPrefix(name, "kafka.") || !strings.Contains(name, ".") && name != "retries" {
				continue // a key of boostd.yaml, or a value
			}
			named++
			if known, ok := kafkaio.FindProperty(name); !ok || known != name {
				t.Errorf("%s is no property of librdkafka", name)
			}
			c := kafkaio.Config{Properties: map[string]string{name: "1"}}
			for _, err := range c.Validate() {
				if strings.Contains(err.Error(), "boostd's own") {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	if named < 30 {
		t.Errorf("only %d properties are named", named)
	}
}
