package kafkatest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A client that asks at the proxied listener is told the proxy's address; one
// that asks at the plain listener, the plain one.
func TestProxiedListenerNamesTheProxy(t *testing.T) {
	t.Parallel()
	c := kafkatest.New(t, kafkatest.Options{Proxied: true})
	route := c.Routes()[0]
	for asked, want := range map[string]string{route.Listener: route.Advertised, c.Brokers()[0]: c.Brokers()[0]} {
		req := kmsg.NewPtrMetadataRequest()
		resp, err := req.RequestWith(within(t, testLimit), client(t, []string{asked}))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, b := range resp.Brokers {
			got = append(got, fmt.Sprintf("%s:%d", b.Host, b.Port))
		}
		if !slices.Equal(got, []string{want}) {
			t.Errorf("%s names the brokers %v, want %s", asked, got, want)
		}
	}
}
