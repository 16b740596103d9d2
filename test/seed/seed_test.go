package seed

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

func TestBlocks(t *testing.T) {
	if len(all) != blocks {
		t.Fatalf("%d cases for %d blocks of code", len(all), blocks)
	}
	for n, b := range all {
		if b.number != n+1 {
			t.Errorf("case %d is block %d, %s", n+1, b.number, b.heading)
		}
		t.Run(strconv.Itoa(b.number)+" "+b.heading, func(t *testing.T) {
			t.Parallel()
			r := newRunning(t, b)
			r.messages()
			if b.check != nil {
				b.check(r)
			}
			r.lacks()
			if r.process != nil {
				if code := r.process.Terminate(); code != 0 {
					t.Errorf("exit code %d", code)
				}
			}
		})
	}
}

// messages sends the block's messages before the daemon starts, so that they
// wait together.
func (r *running) messages() {
	r.t.Helper()
	if len(r.block.messages) == 0 {
		return
	}
	r.ensure()
	var sent []produced
	for _, m := range r.block.messages {
		sent = append(sent, r.produce(m))
	}
	if r.block.group == "" {
		return
	}
	r.start()
	r.handle(sent)
}

// lacks checks that what the case calls missing really is, so that the entry
// goes when the thing comes.
func (r *running) lacks() {
	r.t.Helper()
	if r.block.missing == "" {
		return
	}
	if len(r.block.absent)+len(r.block.noFiles) == 0 {
		r.t.Errorf("nothing shows that this is missing: %s", r.block.missing)
	}
	for _, command := range r.block.absent {
		if _, code := rig.Boostd(r.t, command); code != 64 {
			r.t.Errorf("boostd %s exits with %d: is this still missing: %s?", command, code, r.block.missing)
		}
	}
	for _, name := range r.block.noFiles {
		if _, err := os.Stat(filepath.Join("..", "..", name)); err == nil {
			r.t.Errorf("there is a file %s: is this still missing: %s?", name, r.block.missing)
		}
	}
}
