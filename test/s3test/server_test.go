package s3test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestServer has two servers at once: each has its own objects, with the times
// that were asked for, and both end with the test that started them.
func TestServer(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	var addresses []string
	t.Run("life", func(t *testing.T) {
		for _, body := range []string{"one", "two"} {
			s := Start(t)
			bucket := s.Bucket(t)
			s.PutAt(t, bucket, "a/b.json", body, at)
			s.Put(t, bucket, "a/c.json", body)
			s.Delete(t, bucket, "a/c.json")
			p := s.Proxy(t)
			list, err := NewClient(p.Endpoint).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
			if err != nil {
				t.Fatal(err)
			}
			if len(list.Contents) != 1 || *list.Contents[0].Key != "a/b.json" || !list.Contents[0].LastModified.Equal(at) || *list.Contents[0].Size != 3 {
				t.Errorf("the list has %+v", list.Contents)
			}
			if asked := p.Asked(); !slices.Equal(asked, []string{"LIST  after "}) {
				t.Errorf("the proxy has seen %q", asked)
			}
			addresses = append(addresses, strings.TrimPrefix(s.Endpoint, "http://"))
		}
	})
	for _, address := range addresses {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			t.Errorf("%s is still served", address)
		}
	}
}

// TestOneBuilds holds the lock that another process would hold while it builds.
func TestOneBuilds(t *testing.T) {
	path := t.TempDir() + "/lock"
	first, err := wait(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := wait(ctx, path); err == nil {
		t.Error("two have the lock")
	}
	first.Close()
	second, err := wait(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
}
