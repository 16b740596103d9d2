// Command mutants plants known bugs in boostd, one at a time, and checks that the
// tests catch each of them:
//
//	mutants [-list] [-baseline=false] [REGEXP of names]
//
// It owns the list of bugs, in which each names the tests that are to catch it,
// the fastest first, and the overlay by which the go command sees a bug that is in
// no file. What is right is said by the tests. Prints a table, as
// docs/RELIABILITY.md has it, and exits with 1 when a bug survives.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

func main() {
	listed := flag.Bool("list", false, "only list the bugs")
	baseline := flag.Bool("baseline", true, "first check that the tests pass without a bug")
	flag.Parse()
	if err := run(*listed, *baseline, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// run plants the bugs whose names match.
func run(listed, baseline bool, names string) error {
	pattern, err := regexp.Compile(names)
	if err != nil {
		return fmt.Errorf("read the names to plant: %w", err)
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	var chosen []mutant
	for _, m := range all() {
		if pattern.MatchString(m.name) {
			chosen = append(chosen, m)
		}
	}
	if listed {
		for _, m := range chosen {
			fmt.Printf("%-20s %s\n", m.file, m.name)
		}
		return nil
	}
	dir, err := os.MkdirTemp("", "boostd-mutants-")
	if err != nil {
		return fmt.Errorf("make a folder for bugs: %w", err)
	}
	defer os.RemoveAll(dir)
	if baseline {
		began := time.Now()
		if err := passWithoutBug(root, chosen); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "all tests pass without a bug, in %.0f s\n", time.Since(began).Seconds())
	}
	return plantAll(root, dir, chosen)
}

// moduleRoot is the folder of go.mod, at or above the current one.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", errors.New("find the module: no go.mod here or above: start it inside of boostd's sources")
		}
		dir = above
	}
}

// plantAll plants one after the other and prints the table.
func plantAll(root, dir string, chosen []mutant) error {
	fmt.Println("| planted bug | caught by | seconds |\n|---|---|---|")
	survived := 0
	for _, m := range chosen {
		caught, err := m.plant(root, dir)
		switch {
		case err != nil:
			return fmt.Errorf("plant %q: %w", m.name, err)
		case caught.test == "":
			survived++
			fmt.Printf("| %s | **nothing** | %.1f |\n", m.name, caught.took.Seconds())
		default:
			fmt.Printf("| %s | `%s` in `%s` | %.1f |\n", m.name, caught.test, caught.pkg, caught.took.Seconds())
		}
	}
	if survived > 0 {
		return fmt.Errorf("%d of %d bugs survived", survived, len(chosen))
	}
	return nil
}
