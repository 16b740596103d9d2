package tracing

import (
	"context"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// received is a collector over HTTP and gRPC.
type received struct {
	collectorpb.UnimplementedTraceServiceServer
	mu       sync.Mutex
	requests []*collectorpb.ExportTraceServiceRequest
	from     []string // path or "grpc", and the authorization
	answer   http.HandlerFunc
}

func (r *received) note(from, authorization string, request *collectorpb.ExportTraceServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request)
	r.from = append(r.from, strings.TrimSpace(from+" "+authorization))
}

func (r *received) Export(ctx context.Context, request *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
	meta, _ := metadata.FromIncomingContext(ctx)
	r.note("grpc", strings.Join(meta.Get("authorization"), ","), request)
	return &collectorpb.ExportTraceServiceResponse{}, nil
}

func (r *received) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	request := &collectorpb.ExportTraceServiceRequest{}
	if err == nil {
		err = proto.Unmarshal(body, request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.note(q.URL.Path, q.Header.Get("Authorization"), request)
	if r.answer != nil {
		r.answer(w, q)
	}
}

// spans counts them.
func (r *received) spans() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.requests {
		for _, of := range q.ResourceSpans {
			for _, s := range of.ScopeSpans {
				n += len(s.Spans)
			}
		}
	}
	return n
}

// resource is what the first request says of who sends it.
func (r *received) resource() map[string]string {
	all := map[string]string{}
	for _, a := range r.requests[0].ResourceSpans[0].Resource.Attributes {
		all[a.Key] = a.Value.GetStringValue()
	}
	return all
}

func overPlainGRPC(t *testing.T, r *received) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collectorpb.RegisterTraceServiceServer(server, r)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// hostile are variables that would send spans, or tokens, elsewhere.
var hostile = map[string]string{
	"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1",
	"OTEL_EXPORTER_OTLP_HEADERS": "authorization=stolen", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "authorization=stolen",
	"OTEL_EXPORTER_OTLP_INSECURE": "true", "OTEL_EXPORTER_OTLP_TRACES_INSECURE": "true", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
	"OTEL_EXPORTER_OTLP_TIMEOUT": "1", "OTEL_TRACES_SAMPLER": "always_off", "OTEL_SERVICE_NAME": "other",
	"OTEL_BSP_MAX_QUEUE_SIZE": "1", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "1", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "0",
	"HTTP_PROXY": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1",
}

func TestCollectors(t *testing.T) {
	for name, c := range map[string]struct {
		scheme string
		path   string // of the endpoint
		tls    bool
		token  bool
		from   string
	}{
		"HTTP":                 {schemeHTTP, "", false, false, "/v1/traces"},
		"with a path":          {schemeHTTP, "/otlp/", false, true, "/otlp/v1/traces Bearer geheim"},
		"with the whole path":  {schemeHTTP, "/otlp/v1/traces", false, false, "/otlp/v1/traces"},
		"HTTPS":                {schemeHTTPS, "", true, true, "/v1/traces Bearer geheim"},
		"gRPC":                 {schemeGRPC, "", false, false, "grpc"},
		"gRPC with a token":    {schemeGRPC, "", false, true, "grpc Bearer geheim"},
		"gRPC, token over TLS": {schemeGRPCS, "", true, true, "grpc Bearer geheim"},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range hostile {
				t.Setenv(key, value)
			}
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "k8s.pod.name=boostd-1")
			r := &received{}
			config := Config{Endpoint: c.scheme + "://", Sample: "1", Service: "orders"}
			switch {
			case c.tls:
				grpcServer := grpc.NewServer()
				collectorpb.RegisterTraceServiceServer(grpcServer, r)
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
					if q.ProtoMajor == 2 && strings.HasPrefix(q.Header.Get("Content-Type"), "application/grpc") {
						grpcServer.ServeHTTP(w, q)
					} else {
						r.ServeHTTP(w, q)
					}
				}))
				server.EnableHTTP2 = true
				server.StartTLS()
				t.Cleanup(server.Close)
				config.Endpoint += server.Listener.Addr().String() + c.path
				config.CAFile = write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
			case c.scheme == schemeGRPC:
				config.Endpoint += overPlainGRPC(t, r)
			default:
				server := httptest.NewServer(r)
				t.Cleanup(server.Close)
				config.Endpoint += server.Listener.Addr().String() + c.path
			}
			if c.token {
				config.TokenFile = write(t, "token", "geheim\n")
			}
			if errs := config.Validate(); len(errs) > 0 {
				t.Fatal(errs)
			}
			tracer, err := New(config, Options{Version: "1.2", Instance: "i-1"})
			if err != nil {
				t.Fatal(err)
			}
			handle(t, tracer, 10)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := tracer.Close(ctx); err != nil {
				t.Error(err)
			}
			if r.spans() != 10 || len(r.requests) != 1 || r.from[0] != c.from {
				t.Fatalf("%d spans in %d requests from %q, want 10 in one from %q; %d lost", r.spans(), len(r.requests), r.from, c.from, tracer.Dropped())
			}
			who := r.resource()
			for key, want := range map[string]string{"service.name": "orders", "service.version": "1.2", "service.instance.id": "i-1", "k8s.pod.name": "boostd-1", "telemetry.sdk.language": "go"} {
				if who[key] != want {
					t.Errorf("%s is %q, want %q", key, who[key], want)
				}
			}
		})
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A redirect would take the token along.
func TestRedirectsAreNotFollowed(t *testing.T) {
	thief := &received{}
	elsewhere := httptest.NewServer(thief)
	defer elsewhere.Close()
	r := &received{answer: func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, elsewhere.URL+"/v1/traces", http.StatusTemporaryRedirect)
	}}
	server := httptest.NewServer(r)
	defer server.Close()
	log := &lines{}
	tracer, err := New(Config{Endpoint: server.URL, Sample: "1", Service: "s", TokenFile: write(t, "token", "geheim")}, Options{Logger: hclog.New(&hclog.LoggerOptions{Output: log})})
	if err != nil {
		t.Fatal(err)
	}
	handle(t, tracer, 1)
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if thief.spans() != 0 || r.spans() != 1 || tracer.Dropped() != 1 {
		t.Errorf("%d went elsewhere, %d to the collector, %d were lost", thief.spans(), r.spans(), tracer.Dropped())
	}
	if line := log.all()[0]; !strings.Contains(line, "307") || strings.Contains(line, "geheim") {
		t.Errorf("the log says %q", line)
	}
}

// The token is read anew: it may be replaced.
func TestTokenChanges(t *testing.T) {
	r := &received{}
	server := httptest.NewServer(r)
	defer server.Close()
	path := write(t, "token", "one")
	tracer, err := New(Config{Endpoint: server.URL, Sample: "1", Service: "s", TokenFile: path}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"one", "two"} {
		if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		handle(t, tracer, 1)
		if err := tracer.provider.ForceFlush(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if want := []string{"/v1/traces Bearer one", "/v1/traces Bearer two"}; !slices.Equal(r.from, want) {
		t.Errorf("requests came from %q", r.from)
	}
}

func TestFilesAreJudged(t *testing.T) {
	folder := t.TempDir()
	for name, c := range map[string]struct {
		token, ca string
		want      string
	}{
		"no token":           {filepath.Join(folder, "none"), "", "tracing.token_file: open "},
		"a folder":           {folder, "", "want a file, this is something else"},
		"an empty token":     {write(t, "t", "\n"), "", "is empty"},
		"two tokens":         {write(t, "t", "geheim geheim"), "", "want one line without spaces"},
		"an endless token":   {write(t, "t", strings.Repeat("geheim", 16<<10)), "", "is larger than"},
		"no certificates":    {"", filepath.Join(folder, "none"), "tracing.ca_file: open "},
		"no certificate":     {"", write(t, "c", "geheim"), "there is no certificate in"},
		"too large a bundle": {"", write(t, "c", strings.Repeat("geheim", 4<<20)), "is larger than"},
	} {
		_, err := New(Config{Endpoint: "https://127.0.0.1:1", Sample: "1", Service: "s", TokenFile: c.token, CAFile: c.ca}, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
