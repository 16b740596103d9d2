package tracing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Options are what the tracer has from the daemon.
type Options struct {
	// Logger is what lost spans are told to; nil drops the lines.
	Logger hclog.Logger
	// Version and Instance are the program's and this process's, in every trace; empty
	// leaves them out.
	Version, Instance string
	// Group names the consumer group that a topic's messages come through, or is nil.
	// It is called from many goroutines.
	Group func(topic string) string
}

// Tracer makes spans. A nil one makes none: what it wraps stays as it is. Its methods
// are safe from any goroutine.
type Tracer struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider
	gate     *gate
	gone     chan struct{}
	cut      context.CancelFunc
	begins   bool // messages without a trace begin one
	keys     bool
	group    func(string) string
}

// New makes the tracer that the section asks for, or nil where it has no endpoint. The
// configuration is valid, with its paths absolute. It reads the files, and reaches the
// collector later. Whoever calls New calls Close.
func New(c Config, o Options) (*Tracer, error) {
	if c.Endpoint == "" {
		return nil, nil
	}
	to, err := newExporter(c)
	if err != nil {
		return nil, err
	}
	t, err := newTracer(c, o, to)
	if err != nil {
		return nil, errors.Join(err, to.Shutdown(context.Background()))
	}
	return t, nil
}

func newTracer(c Config, o Options, to sdktrace.SpanExporter) (*Tracer, error) {
	ratio, err := c.ratio()
	if err != nil {
		return nil, err
	}
	who, err := resource.New(context.Background(), resource.WithTelemetrySDK(), resource.WithAttributes(identity(c, o)...))
	if err != nil {
		return nil, fmt.Errorf("describe this program for traces: %w", err)
	}
	if o.Logger == nil {
		o.Logger = hclog.NewNullLogger()
	}
	life, cut := context.WithCancel(context.Background())
	g := &gate{}
	e := &exports{to: to, gate: g, logger: o.Logger, life: life, gone: make(chan struct{})}
	g.SpanProcessor = sdktrace.NewBatchSpanProcessor(e, sdktrace.WithMaxQueueSize(maxWaiting),
		sdktrace.WithMaxExportBatchSize(maxBatch), sdktrace.WithBatchTimeout(batchTime), sdktrace.WithExportTimeout(exportTimeout))
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio))),
		sdktrace.WithRawSpanLimits(limits), sdktrace.WithResource(who), sdktrace.WithSpanProcessor(g))
	return &Tracer{tracer: provider.Tracer("github.com/kafkaboost/boostd"), provider: provider, gate: g,
		gone: e.gone, cut: cut, begins: ratio > 0, keys: c.Keys, group: o.Group}, nil
}

// limits are well above what a span of ours has; said here, they don't come from the
// environment.
var limits = sdktrace.SpanLimits{AttributeValueLengthLimit: -1, AttributeCountLimit: 64, EventCountLimit: 16,
	LinkCountLimit: 16, AttributePerEventCountLimit: 16, AttributePerLinkCountLimit: 16}

// identity is what every trace says of this process.
func identity(c Config, o Options) []attribute.KeyValue {
	all := []attribute.KeyValue{semconv.ServiceName(c.Service)}
	if o.Version != "" {
		all = append(all, semconv.ServiceVersion(o.Version))
	}
	if o.Instance != "" {
		all = append(all, semconv.ServiceInstanceID(o.Instance))
	}
	return all
}

// Dropped is how many spans were lost so far: there was no room for them, or the
// collector didn't take the request that they were in.
func (t *Tracer) Dropped() int64 {
	if t == nil {
		return 0
	}
	return t.gate.dropped.Load()
}

// hurry is how long an export that was cut short may take to return.
const hurry = time.Second

// Close sends what waits until ctx ends, and drops the rest. Call it when nothing is
// handled any more.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	_ = t.provider.Shutdown(ctx) // what it couldn't send has been told
	t.cut()
	select {
	case <-t.gone:
		return nil
	case <-time.After(hurry):
		return errors.New("close tracing: the export of spans doesn't end")
	}
}
