package chaos

import (
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	ms := time.Millisecond
	got := Table(
		&Verdict{Repeats: map[string]int{"daemon SIGSTOP": 2, "daemon SIGSTOP, by the stopped one": 3}, Exposed: map[Kind]int{DaemonStop: 90}, Recoveries: []Recovery{
			{Fault{Kind: DaemonStop}, 10 * ms, 0}, {Fault{Kind: BrokerKill}, 5 * ms, 7 * ms}}},
		&Verdict{Recoveries: []Recovery{{Fault{Kind: DaemonStop}, 30 * ms, 40 * ms}, {Fault{Kind: DaemonStop}, 20 * ms, 3 * ms}}},
	)
	for _, want := range []string{
		"| daemon SIGSTOP | 3 | 5, 90 | 20ms, 30ms | 3ms, 40ms |\n",
		"| broker kill -9 | 1 | 0, 0 | 5ms, 5ms | 7ms, 7ms |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the table is\n%swithout\n%s", got, want)
		}
	}
}
