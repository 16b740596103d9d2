package logs

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"
)

// isJournal reports whether an output is the journal's stream that systemd names
// in JOURNAL_STREAM, as device:inode (systemd.exec(5)).
func isJournal(output *os.File, stream string) bool {
	var stat unix.Stat_t
	if stream == "" || unix.Fstat(int(output.Fd()), &stat) != nil {
		return false
	}
	return fmt.Sprintf("%d:%d", stat.Dev, stat.Ino) == stream
}

// journal puts the priority before each line.
type journal struct{ to io.Writer }

var _ hclog.LevelWriter = journal{}

// priorities are syslog's.
var priorities = map[hclog.Level]string{
	hclog.Trace: "<7>", hclog.Debug: "<7>", hclog.Info: "<6>", hclog.Warn: "<4>", hclog.Error: "<3>",
}

// Write implements io.Writer.
func (j journal) Write(p []byte) (int, error) { return j.LevelWrite(hclog.Info, p) }

// LevelWrite implements hclog.LevelWriter.
func (j journal) LevelWrite(level hclog.Level, p []byte) (int, error) {
	var b bytes.Buffer
	for line := range bytes.Lines(p) {
		b.WriteString(priorities[level])
		b.Write(line)
	}
	if _, err := j.to.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}
