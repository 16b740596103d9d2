package examples

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/cached"
)

// cachedFor is how long a copy is kept that nobody has used.
const cachedFor = 7 * 24 * time.Hour

// prepared is a copy of some folders of the repository in which the commands have been
// run. It is kept in the cache as long as neither the folders, the commands nor the
// tool, of which version says which one it is, change: to install takes a minute.
func prepared(t *testing.T, name, version, commands string, folders ...string) string {
	t.Helper()
	sum, err := digest(version, commands, folders)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), installLimit)
	defer cancel()
	final, err := cached.Folder(ctx, cached.Name("example-"+name, sum), func(making string) error {
		if err := copyTo(making, folders...); err != nil {
			return fmt.Errorf("copy the example: %w", err)
		}
		return run(ctx, making, commands)
	})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now() // it is used again
	if err := os.Chtimes(final, now, now); err != nil {
		t.Fatal(err)
	}
	sweep(t, filepath.Join(filepath.Dir(final), "example-"+name+"-*"))
	return final
}

func digest(version, commands string, folders []string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q", version, commands)
	err := eachFile(folders, func(rel string) error {
		text, err := os.ReadFile(filepath.Join(root, rel))
		fmt.Fprintf(sum, "%q %q", rel, text)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:6]), err
}

// sweep removes copies that nobody has used for long, with what belongs to them.
func sweep(t *testing.T, pattern string) {
	t.Helper()
	all, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > cachedFor {
			os.RemoveAll(path)
		}
	}
}
