package boostd_test

import (
	"testing"

	"github.com/kafkaboost/boostd"
)

func TestCoordinates(t *testing.T) {
	for text, ok := range map[string]bool{
		"orders/3@1042": true, "a.b_c-7/0@0": true, "o/2147483647@9223372036854775807": true,
		"": false, "orders": false, "orders/3": false, "orders@3": false, "/3@4": false, "o/@4": false, "o/3@": false,
		"o/-1@4": false, "o/3@-1": false, "o/2147483648@1": false, "o/3@4@5": false, "o/3/4@5": false, "o/x@5": false,
	} {
		c, err := boostd.ParseCoordinates(text)
		if (err == nil) != ok || ok && c.String() != text {
			t.Errorf("%q: %v, %v", text, c, err)
		}
	}
}
