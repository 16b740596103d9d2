package kafkaio

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

func TestDiagnosisKeepsTheGravestCause(t *testing.T) {
	const refused = "[thrd:sasl_ssl://a:1/bootstrap]: sasl_ssl://a:1/bootstrap: SASL authentication error: invalid credentials (after 3ms in state AUTH_REQ)"
	for _, c := range []struct {
		name string
		logs []kafka.LogEvent
		want string
	}{
		{"nothing known", nil, "transport failure"},
		{"another tag", []kafka.LogEvent{{Tag: "CONFWARN", Level: 4, Message: "no effect"}}, "transport failure"},
		{"the newest", []kafka.LogEvent{{Tag: "FAIL", Level: 3, Message: "refused"}, {Tag: "FAIL", Level: 3, Message: "reset"}}, "reset"},
		{"not a lesser one", []kafka.LogEvent{{Tag: "FAIL", Level: 3, Message: refused}, {Tag: "FAIL", Level: 6, Message: "Disconnected"}},
			"sasl_ssl://a:1/bootstrap: SASL authentication error: invalid credentials (after 3ms in state AUTH_REQ)"},
	} {
		d := newDiagnosis()
		for _, l := range c.logs {
			d.note(l)
		}
		if got := d.why(errors.New("transport failure")); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		d.close()
	}
}

func TestUnreachableIsSaid(t *testing.T) {
	c := Config{Brokers: []string{"127.0.0.1:1"}, Group: "g"}
	c.SetDefaults()
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err = admin.Connect(ctx)
	if !errors.Is(err, ErrUnreachable) {
		t.Fatalf("error %v, want ErrUnreachable", err)
	}
	for _, text := range []string{"127.0.0.1:1", "Connection refused"} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q doesn't say %q", err, text)
		}
	}
}
