//go:build faults

package kafkaio

import "os"

// fault blocks the poll loop for ever once the file that BOOSTD_TEST_BLOCK_POLL
// names exists: a client that hangs, as the watchdog's test needs it.
func (s *Source) fault() {
	if path := os.Getenv("BOOSTD_TEST_BLOCK_POLL"); path != "" {
		if _, err := os.Stat(path); err == nil {
			s.logger.Error("poll loop is blocked on purpose")
			select {}
		}
	}
}
