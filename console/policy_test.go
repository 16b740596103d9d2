package console

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestPolicyInWords(t *testing.T) {
	for want, p := range map[string]Policy{
		"strict":    {Mode: "strict"},
		"exclusive": {Mode: "exclusive"},
		"strict; max_wait 30s; min_share 0: 5%, 3-5: 10%, 6: 5%; reserve 8: 4, 10: 2; preemptible": {Mode: "strict", MaxWait: boostd.Duration(30 * time.Second),
			MinShare: map[int]int{5: 10, 0: 5, 4: 10, 3: 10, 6: 5}, Reserve: map[int]int{10: 2, 8: 4}, Preemptible: true},
	} {
		if got := p.String(); got != want || p.Strict() != (want == "strict") {
			t.Errorf("got %q, strict %v; want %q", got, p.Strict(), want)
		}
	}
}

// What status shows can be pasted into a settings document, but for where it is from.
func TestPolicyAsJSON(t *testing.T) {
	got, err := json.Marshal(Policy{Mode: "strict", MaxWait: boostd.Duration(90 * time.Second), MinShare: map[int]int{0: 5, 10: 1}, Reserve: map[int]int{}, From: "document"})
	want := `{"mode":"strict","max_wait":"1m30s","min_share":{"0":5,"10":1},"reserve":{},"preemptible":false,"from":"document"}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}
