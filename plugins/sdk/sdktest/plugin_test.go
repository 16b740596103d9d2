package sdktest_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/plugins/sdk"
	"github.com/kafkaboost/boostd/plugins/sdk/sdktest"
)

var errBusy = errors.New("busy")

// What a handler returns, and what boostd learns.
func TestResults(t *testing.T) {
	for name, c := range map[string]struct {
		handle func() error
		want   sdktest.Result
	}{
		"done":        {func() error { return nil }, sdktest.Result{Done: true}},
		"error":       {func() error { return errBusy }, sdktest.Result{Reason: "busy"}},
		"dead":        {func() error { return sdk.Dead(errBusy) }, sdktest.Result{Dead: true, Reason: "busy"}},
		"dead nil":    {func() error { return sdk.Dead(nil) }, sdktest.Result{Dead: true, Reason: "no reason given"}},
		"deadf":       {func() error { return sdk.Deadf("no %s", "id") }, sdktest.Result{Dead: true, Reason: "no id"}},
		"wrapped":     {func() error { return fmt.Errorf("store: %w", sdk.Dead(errBusy)) }, sdktest.Result{Dead: true, Reason: "store: busy"}},
		"after":       {func() error { return sdk.RetryAfter(time.Second, errBusy) }, sdktest.Result{After: time.Second, Reason: "busy"}},
		"after a bit": {func() error { return sdk.RetryAfter(1, errBusy) }, sdktest.Result{After: time.Millisecond, Reason: "busy"}},
		"after long":  {func() error { return sdk.RetryAfter(1000*time.Hour, errBusy) }, sdktest.Result{After: time.Hour, Reason: "busy"}},
		"after -1":    {func() error { return sdk.RetryAfter(-1, nil) }, sdktest.Result{Reason: "no reason given"}},
		"the outer":   {func() error { return sdk.RetryAfter(time.Second, sdk.Dead(errBusy)) }, sdktest.Result{After: time.Second, Reason: "busy"}},
		"long":        {func() error { return errors.New(strings.Repeat("ä", 300)) }, sdktest.Result{Reason: strings.Repeat("ä", 100)}},
		"no UTF-8":    {func() error { return errors.New("a\xffb") }, sdktest.Result{Reason: "a?b"}},
		"own timeout": {func() error { return context.DeadlineExceeded }, sdktest.Result{Reason: "timed out: context deadline exceeded"}},
		"own cancel":  {func() error { return context.Canceled }, sdktest.Result{Reason: "context canceled"}},
		"panic":       {func() error { panic("oh") }, sdktest.Result{Reason: "handler panicked: oh"}},
		"panic error": {func() error { panic(errBusy) }, sdktest.Result{Reason: "handler panicked: busy"}},
		"panic panic": {func() error { panic((*broken)(nil)) }, sdktest.Result{Reason: "handler panicked: *sdktest_test.broken"}},
		"bad error":   {func() error { return (*broken)(nil) }, sdktest.Result{Reason: "*sdktest_test.broken without a text"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := sdktest.Handle(t, sdk.HandlerFunc(func(context.Context, *sdk.Message) error { return c.handle() }), sdk.Message{})
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// broken is an error that can't say what it is.
type broken struct{ text string }

func (b *broken) Error() string { return b.text }

// The errors of the SDK keep what they wrap.
func TestErrorsWrap(t *testing.T) {
	for _, err := range []error{sdk.Dead(errBusy), sdk.RetryAfter(1, errBusy), sdk.Deadf("x: %w", errBusy)} {
		if !errors.Is(err, errBusy) {
			t.Errorf("%v lost its cause", err)
		}
	}
}

// A message arrives as it was.
func TestMessage(t *testing.T) {
	for name, want := range map[string]sdk.Message{
		"full": {
			Topic: "orders", Partition: 3, Offset: 1 << 40, Level: 9, Attempt: 2, Key: []byte("k"), Value: []byte{0, 255},
			Headers:    []sdk.Header{{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte{}}, {Key: "b"}},
			ProducedAt: time.Unix(1700000000, 123456789),
		},
		"nothing": {Topic: "orders", Attempt: 1},
		"empty":   {Topic: "orders", Attempt: 1, Key: []byte{}, Value: []byte{}},
		"large":   {Topic: "orders", Attempt: 1, Value: make([]byte, 8<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			var got sdk.Message
			sdktest.Handle(t, sdk.HandlerFunc(func(_ context.Context, m *sdk.Message) error { got = *m; return nil }), want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %.300v, want %.300v", got, want)
			}
		})
	}
}

func TestHeaderIsTheLast(t *testing.T) {
	m := sdk.Message{Headers: []sdk.Header{{Key: "a", Value: []byte("1")}, {Key: "b"}, {Key: "a", Value: []byte("2")}}}
	if v, ok := m.Header("a"); string(v) != "2" || !ok {
		t.Errorf("a is %q, %v", v, ok)
	}
	if v, ok := m.Header("b"); v != nil || !ok {
		t.Errorf("b is %q, %v", v, ok)
	}
	if _, ok := m.Header("A"); ok {
		t.Error("there is no A")
	}
}

// Messages that belong together come in one call; what the errors are is their results.
func TestTogether(t *testing.T) {
	messages := []sdk.Message{{Offset: 1}, {Offset: 2}, {Offset: 3}}
	done := sdktest.Result{Done: true}
	wrong := sdktest.Result{Reason: "handler gave 1 errors for 3 messages: want one for each, or nil when all are done"}
	boom := sdktest.Result{Reason: "handler panicked: oh"}
	for name, c := range map[string]struct {
		handle func() []error
		want   []sdktest.Result
	}{
		"all done": {func() []error { return nil }, []sdktest.Result{done, done, done}},
		"each":     {func() []error { return []error{nil, errBusy, sdk.Dead(errBusy)} }, []sdktest.Result{done, {Reason: "busy"}, {Dead: true, Reason: "busy"}}},
		"too few":  {func() []error { return []error{nil} }, []sdktest.Result{wrong, wrong, wrong}},
		"panic":    {func() []error { panic("oh") }, []sdktest.Result{boom, boom, boom}},
	} {
		t.Run(name, func(t *testing.T) {
			var calls [][]int64
			p := sdktest.Start(t, sdk.BatchHandlerFunc(func(_ context.Context, messages []*sdk.Message) []error {
				var offsets []int64
				for _, m := range messages {
					offsets = append(offsets, m.Offset)
				}
				calls = append(calls, offsets)
				return c.handle()
			}), nil)
			got := p.HandleBatch(messages...)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if want := [][]int64{{1, 2, 3}}; !reflect.DeepEqual(calls, want) {
				t.Errorf("calls %v, want %v", calls, want)
			}
		})
	}
}

// A handler for single messages gets those that belong together one after the other,
// and one for batches gets single ones.
func TestTogetherAndAlone(t *testing.T) {
	var offsets []int64
	p := sdktest.Start(t, sdk.HandlerFunc(func(_ context.Context, m *sdk.Message) error {
		offsets = append(offsets, m.Offset)
		return nil
	}), nil)
	p.HandleBatch(sdk.Message{Offset: 1}, sdk.Message{Offset: 2})
	if !slices.Equal(offsets, []int64{1, 2}) {
		t.Errorf("handled %v", offsets)
	}
	r := sdktest.Handle(t, sdk.BatchHandlerFunc(func(_ context.Context, messages []*sdk.Message) []error {
		return []error{sdk.Deadf("%d", len(messages))}
	}), sdk.Message{})
	if r != (sdktest.Result{Dead: true, Reason: "1"}) {
		t.Errorf("got %+v", r)
	}
}

// lifecycle notes what is called.
type lifecycle struct {
	refuse error
	calls  []string
	start  sdk.Start
}

func (l *lifecycle) Start(_ context.Context, s sdk.Start) error {
	l.calls, l.start = append(l.calls, "start"), s
	return l.refuse
}

func (l *lifecycle) Handle(context.Context, *sdk.Message) error {
	l.calls = append(l.calls, "handle")
	return nil
}

func (l *lifecycle) Close(context.Context) error {
	l.calls = append(l.calls, "close")
	return nil
}

func TestLife(t *testing.T) {
	l := &lifecycle{}
	t.Run("", func(t *testing.T) {
		p := sdktest.Start(t, l, sdktest.Settings{"url": "x"})
		p.Handle(sdk.Message{})
		p.Handle(sdk.Message{})
	})
	if want := []string{"start", "handle", "handle", "close"}; !slices.Equal(l.calls, want) {
		t.Errorf("calls %v, want %v", l.calls, want)
	}
	want := sdk.Start{Handler: "test", Boostd: "test", Slots: 16, Settings: map[string]string{"url": "x"}}
	if !reflect.DeepEqual(l.start, want) {
		t.Errorf("start %+v, want %+v", l.start, want)
	}
}

func TestRefusal(t *testing.T) {
	if _, err := sdktest.TryStart(t, &lifecycle{refuse: errors.New("no url in settings")}, nil); err == nil || err.Error() != "no url in settings" {
		t.Errorf("error %v", err)
	}
}

func TestGivenUp(t *testing.T) {
	began := make(chan struct{})
	p := sdktest.Start(t, sdk.HandlerFunc(func(ctx context.Context, _ *sdk.Message) error {
		close(began)
		<-ctx.Done()
		return ctx.Err()
	}), nil)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-began; cancel() }()
	if r := p.HandleContext(ctx, sdk.Message{}); r != (sdktest.Result{Cancelled: true, Reason: "context canceled"}) {
		t.Errorf("got %+v", r)
	}
}
