package kafkatest

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kafkaboost/boostd/test/kafkatest/internal/filelock"
)

// cacheVariable overrides where jars, archive and run records live.
const cacheVariable = "BOOSTD_TEST_CACHE"

//go:embed pom.xml
var pom []byte

// CacheDir is where kafkatest keeps what outlives a test run: an absolute path
// that need not exist yet.
func CacheDir() (string, error) {
	if dir := os.Getenv(cacheVariable); dir != "" {
		dir, err := filepath.Abs(dir)
		if err != nil {
			return "", fmt.Errorf("find cache directory %s: %w", cacheVariable, err)
		}
		return dir, nil
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find cache directory (set %s to name one): %w", cacheVariable, err)
	}
	return filepath.Join(base, "boostd"), nil
}

// kafkaVersion is the version that the pom asks for.
func kafkaVersion() (string, error) {
	var project struct {
		Version string `xml:"properties>kafka.version"`
	}
	if err := xml.Unmarshal(pom, &project); err != nil {
		return "", fmt.Errorf("read pom.xml: %w", err)
	}
	if project.Version == "" {
		return "", errors.New("read pom.xml: it has no property kafka.version")
	}
	return project.Version, nil
}

// Version is the version of Kafka that Start runs; "" where the pom names none.
func Version() string {
	version, err := kafkaVersion()
	if err != nil {
		return ""
	}
	return version
}

// kit is everything that a node is started with, ready to use in the cache.
type kit struct {
	dir       string // the cache of this version of Kafka
	java      string
	classPath string
	archive   string // "" where this Java makes none
}

// prepareLimit bounds filling the cache: 45 MB of downloads and one slow start
// of a broker, or waiting for another process that does this.
const prepareLimit = 6 * time.Minute

// prepare returns the kit and fills the cache first where something is missing.
// Everything in the cache comes into being by a rename; so what is there is
// whole, and the lock is only needed to create.
func prepare(ctx context.Context) (*kit, error) {
	k, err := newKit()
	if err != nil {
		return nil, err
	}
	if k.complete() {
		return k, nil
	}
	ctx, cancel := context.WithTimeout(ctx, prepareLimit)
	defer cancel()
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return nil, fmt.Errorf("create cache: %w", err)
	}
	lock, err := filelock.Wait(ctx, filepath.Join(k.dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("fill cache (another process may be at it): %w", err)
	}
	defer lock.Unlock()
	k.removeUnfinished()
	for _, step := range []func(context.Context) error{k.fetchJars, k.format, k.makeArchive} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func newKit() (*kit, error) {
	java, err := Java()
	if err != nil {
		return nil, fmt.Errorf("find java: %w", err)
	}
	k := &kit{java: java}
	k.dir, err = kitDir()
	return k, err
}

func kitDir() (string, error) {
	base, err := CacheDir()
	if err != nil {
		return "", err
	}
	version, err := kafkaVersion()
	if err != nil {
		return "", err
	}
	return filepath.Join(base, "kafka-"+version), nil
}

// complete fills in the paths and tells whether all of them exist.
func (k *kit) complete() bool {
	return exists(k.jarsDir()) && k.readClassPath() == nil && exists(k.checkpointDir()) && k.findArchive()
}

func (k *kit) jarsDir() string { return filepath.Join(k.dir, "jars-"+digest(string(pom))) }

func jarsFetched() bool {
	k := &kit{}
	var err error
	k.dir, err = kitDir()
	return err == nil && exists(k.jarsDir())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// digest is short: it tells a few variants in one directory apart.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// making begins the names of directories that are being filled.
const making = "making-"

// create makes the directory final by filling a temporary one beside it, so
// that final is never seen half made.
func create(final string, fill func(dir string) error) error {
	tmp, err := os.MkdirTemp(filepath.Dir(final), making)
	if err != nil {
		return fmt.Errorf("create %s: %w", final, err)
	}
	defer os.RemoveAll(tmp)
	if err := fill(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, final); err != nil {
		return fmt.Errorf("create %s: %w", final, err)
	}
	return nil
}

// removeUnfinished drops what a killed process was making. The caller holds
// the cache's lock; so nobody is making anything.
func (k *kit) removeUnfinished() {
	left, err := filepath.Glob(filepath.Join(k.dir, making+"*"))
	if err != nil {
		return
	}
	for _, path := range left {
		os.RemoveAll(path)
	}
}
