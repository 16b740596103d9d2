package plugins

import (
	"errors"
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/plugins/wire"
)

// A process beside the one that serves, for messages that may be why another crashed,
// is not what people are told of: it runs.
func TestStateIsOfTheProcessThatServes(t *testing.T) {
	h := newHandler(t, pluginConfig(t, ""), nil)
	newPlant(1, "done").finish(t, h)
	h.doer.(*pluginHost).notStarted(errors.New("no room for another"))
	if s := h.Plugin(); s.State != PluginRunning || s.Error != "" || s.Resident == 0 {
		t.Errorf("%+v", s)
	}
	c := pluginConfig(t, "refuses")
	c.Settings = map[string]boostd.Secret{"database": "db1"}
	none := newHandler(t, c, nil)
	eventually(t, "one that serves nothing fails", func() bool { return none.Plugin().State == PluginFailing })
	if s := none.Plugin(); s.Resident != 0 {
		t.Errorf("without a process: %+v", s)
	}
}

func TestTidy(t *testing.T) {
	long := make([]byte, 1<<20)
	for n := range long {
		long[n] = 'x'
	}
	r := tidy(&wire.StartReply{Name: " a\x1b[2J\nb ", Version: string(long), Sdk: "\xff\xfe"})
	if r.GetName() != "a [2J b" || len(r.GetVersion()) != maxWords+len("…") || r.GetSdk() != "??" {
		t.Errorf("%q, %d bytes, %q", r.GetName(), len(r.GetVersion()), r.GetSdk())
	}
	if r := tidy(nil); r.GetName() != "" {
		t.Errorf("nothing is %v", r)
	}
}
