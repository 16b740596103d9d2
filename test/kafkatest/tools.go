package kafkatest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// minJava is the oldest Java that Kafka 4's broker runs on.
const minJava = 17

// Missing names what this machine lacks to run a cluster, such as "no java" or
// "no mvn"; "" when nothing is missing. Maven isn't needed once the jars are in
// the cache.
func Missing() string {
	java, err := Java()
	if err != nil {
		return "no java"
	}
	if v, known := javaMajor(java); known && v < minJava {
		return fmt.Sprintf("java %d, want %d", v, minJava)
	}
	if _, err := exec.LookPath("mvn"); err != nil && !jarsFetched() {
		return "no mvn"
	}
	return ""
}

// Require ends the test as skipped, with a line that begins with "NOT RUN: ",
// when this machine can't run a cluster. Whoever runs the tests counts these
// lines, so that a missing tool is never taken for a passed test.
func Require(tb testing.TB) {
	tb.Helper()
	if m := Missing(); m != "" {
		tb.Skip("NOT RUN: " + m)
	}
}

// Java is the path of java. It prefers JAVA_HOME to the search path, as Maven does.
func Java() (string, error) {
	if home := os.Getenv("JAVA_HOME"); home != "" {
		return exec.LookPath(filepath.Join(home, "bin", "java"))
	}
	return exec.LookPath("java")
}

// javaMajor reads the version from the file that every JDK and JRE has beside
// its bin directory; asking java itself would cost each test a JVM start. It is
// unknown where that file is missing.
func javaMajor(java string) (int, bool) {
	f, err := os.Open(releaseFile(java))
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if v, ok := strings.CutPrefix(lines.Text(), "JAVA_VERSION="); ok {
			return parseJavaMajor(strings.Trim(v, `"`))
		}
	}
	return 0, false
}

func releaseFile(java string) string {
	path, err := filepath.EvalSymlinks(java)
	if err != nil {
		path = java
	}
	return filepath.Join(filepath.Dir(filepath.Dir(path)), "release")
}

// parseJavaMajor reads 17.0.15, 21, 25-ea and the old form 1.8.0_402.
func parseJavaMajor(version string) (int, bool) {
	version = strings.TrimPrefix(version, "1.")
	end := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(version)
	}
	n, err := strconv.Atoi(version[:end])
	return n, err == nil
}

// childEnv is all the environment that a JVM of ours gets.
func childEnv() []string {
	env := []string{"LC_ALL=C.UTF-8", "TZ=UTC"}
	for _, key := range []string{"PATH", "HOME", "TMPDIR"} {
		if v, ok := os.LookupEnv(key); ok {
			env = append(env, key+"="+v)
		}
	}
	return env
}
