package logs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
)

// maxValue bounds one value of a line in bytes.
const maxValue = 4 << 10

// cut shortens what is too long for a line. The caller keeps its slice as it is:
// it may be another goroutine's too.
func cut(args []any) []any {
	copied := false
	for n, a := range args {
		text, long := tooLong(a)
		if !long {
			continue
		}
		if !copied {
			args, copied = slices.Clone(args), true
		}
		args[n] = shorten(text)
	}
	return args
}

// tooLong is a value's text, where that is too long. fmt prints it, because it
// survives a nil pointer behind an error.
func tooLong(a any) (text string, long bool) {
	switch v := a.(type) {
	case nil, bool, int, int32, int64, uint, uint32, uint64, float64, time.Duration, time.Time, hclog.CapturedStacktrace:
		return "", false
	case string:
		text = v
	default:
		text = fmt.Sprint(v)
	}
	return text, len(text) > maxValue
}

func shorten(s string) string {
	if len(s) <= maxValue {
		return s
	}
	return strings.ToValidUTF8(s[:maxValue], "") + fmt.Sprintf("… (%d bytes)", len(s))
}
