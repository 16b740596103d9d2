package tracing

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
)

const (
	connectTimeout = 3 * time.Second
	// exportTimeout bounds one batch with all its repetitions.
	exportTimeout = 4 * time.Second
	firstRetry    = 500 * time.Millisecond
	maxRetry      = 2 * time.Second
	// maxAnswer is how much of a collector's answer is read, in bytes.
	maxAnswer  = 64 << 10
	tracesPath = "/v1/traces"
)

// newExporter makes the way to the collector. It connects to nobody yet. All that the
// libraries would take from the environment is said here: addresses, headers,
// certificates and proxies.
func newExporter(c Config) (sdktrace.SpanExporter, error) {
	u, err := c.endpoint()
	if err != nil {
		return nil, err
	}
	trust, err := trusting(c.CAFile)
	if err != nil {
		return nil, err
	}
	b := bearer{c.TokenFile}
	if c.TokenFile != "" { // what is wrong with it is told at the start
		if _, err := b.token(); err != nil {
			return nil, err
		}
	}
	var e sdktrace.SpanExporter
	if u.Scheme == schemeGRPC || u.Scheme == schemeGRPCS {
		creds := insecure.NewCredentials()
		if secure(u) {
			creds = credentials.NewTLS(trust)
		}
		e, err = overGRPC(u, creds, b)
	} else {
		e, err = overHTTP(u, &http.Transport{
			DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
			TLSClientConfig:        trust,
			TLSHandshakeTimeout:    connectTimeout,
			MaxIdleConnsPerHost:    1, // one batch at a time
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: maxAnswer,
			ForceAttemptHTTP2:      true,
		}, b)
	}
	if err != nil {
		return nil, fmt.Errorf("tracing.endpoint: %w", err)
	}
	return e, nil
}

func overHTTP(u *url.URL, transport http.RoundTripper, b bearer) (sdktrace.SpanExporter, error) {
	if b.path != "" {
		transport = bearing{b, transport}
	}
	address := *u
	if !strings.HasSuffix(address.Path, tracesPath) {
		address.Path = strings.TrimSuffix(address.Path, "/") + tracesPath
	}
	return otlptracehttp.New(context.Background(),
		otlptracehttp.WithEndpointURL(address.String()),
		otlptracehttp.WithHTTPClient(&http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token is for nobody else
		}),
		otlptracehttp.WithTLSClientConfig(nil),
		otlptracehttp.WithHeaders(nil),
		otlptracehttp.WithEncoding(otlptracehttp.EncodingProtobuf),
		otlptracehttp.WithCompression(otlptracehttp.NoCompression),
		otlptracehttp.WithTimeout(exportTimeout),
		otlptracehttp.WithMaxResponseSize(maxAnswer),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
			Enabled: true, InitialInterval: firstRetry, MaxInterval: maxRetry, MaxElapsedTime: exportTimeout}),
	)
}

func overGRPC(u *url.URL, creds credentials.TransportCredentials, b bearer) (sdktrace.SpanExporter, error) {
	dial := []grpc.DialOption{grpc.WithNoProxy(), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer), grpc.UseCompressor(encoding.Identity))}
	if b.path != "" {
		dial = append(dial, grpc.WithPerRPCCredentials(b))
	}
	return otlptracegrpc.New(context.Background(),
		otlptracegrpc.WithEndpoint("dns:///"+u.Host),
		otlptracegrpc.WithTLSCredentials(creds),
		otlptracegrpc.WithHeaders(nil),
		otlptracegrpc.WithTimeout(exportTimeout),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{
			Enabled: true, InitialInterval: firstRetry, MaxInterval: maxRetry, MaxElapsedTime: exportTimeout}),
		otlptracegrpc.WithDialOption(dial...),
	)
}
