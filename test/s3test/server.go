package s3test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kafkaboost/boostd/test/kafkatest"
)

// What every server here knows its one user by.
const (
	AccessKey = "s3testaccess"
	SecretKey = "s3testsecret"
	// Region is what the server believes to be in.
	Region = "us-east-1"
)

const (
	startLimit = 20 * time.Second // it needs 0.1 s on an idle machine
	attempts   = 5                // a port may be taken between our look and the server
	askEvery   = 10 * time.Millisecond
)

// Server is a running S3 server. Its methods may be called from any goroutine.
type Server struct {
	// Endpoint is its address, http://127.0.0.1:PORT.
	Endpoint string
	// Client has the server's credentials, and path style.
	Client *s3.Client

	data    string
	buckets int
	mu      sync.Mutex // guards buckets
}

// Start starts a server with no bucket in it, for one test: it ends and its
// files go with the test. The first call on a machine builds the program, which
// takes a minute or two.
func Start(t testing.TB) *Server {
	t.Helper()
	path, err := program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for attempt := 1; ; attempt++ {
		s, err := start(t, path)
		if err == nil {
			return s
		}
		if attempt == attempts || !errors.Is(err, errEnded) {
			t.Fatal(err)
		}
	}
}

var errEnded = errors.New("it has ended")

func start(t testing.TB, path string) (*Server, error) {
	dir := t.TempDir()
	data, meta := filepath.Join(dir, "data"), filepath.Join(dir, "meta")
	for _, d := range []string{data, meta} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return nil, err
		}
	}
	address, err := kafkatest.FreeAddress()
	if err != nil {
		return nil, err
	}
	// The sidecar folder does without extended attributes, which not every file
	// system has.
	cmd := exec.Command(path, "--port", address, "--region", Region, "--keep-alive", "--quiet", "posix", "--sidecar", meta, data)
	cmd.Env = []string{"ROOT_ACCESS_KEY=" + AccessKey, "ROOT_SECRET_KEY=" + SecretKey, "PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	ended, err := run(cmd)
	if err != nil {
		return nil, err
	}
	s := &Server{Endpoint: "http://" + address, data: data}
	if err := s.ready(t.Context(), ended); err != nil {
		cmd.Process.Kill()
		<-ended
		return nil, fmt.Errorf("start versitygw: %w; it wrote:\n%s", err, out.String())
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("versitygw wrote:\n%s", out.String())
		}
	})
	s.Client = NewClient(s.Endpoint)
	return s, nil
}

// NewClient is a client with the server's credentials for another way to it, such
// as a Proxy's.
func NewClient(endpoint string) *s3.Client {
	return s3.New(s3.Options{BaseEndpoint: &endpoint, UsePathStyle: true, Region: Region,
		Credentials:                credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, ""),
		HTTPClient:                 &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: startLimit},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired})
}

// run starts the child. Its parent-death signal follows the thread that forked;
// so the goroutine that waits for the child's end keeps its thread.
func run(cmd *exec.Cmd) (ended <-chan struct{}, err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started, done := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // killed, as it should be
			close(done)
		}
	}()
	return done, <-started
}

// ready waits until the server answers: that it wants credentials.
func (s *Server) ready(ctx context.Context, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		select {
		case <-ended:
			return errEnded
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint, nil)
		if err != nil {
			return err
		}
		if answer, err := client.Do(req); err == nil {
			answer.Body.Close()
			if answer.Header.Get("Server") == "VERSITYGW" {
				return nil
			}
		}
	}
}
