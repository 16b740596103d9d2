//go:build !linux

package actors

// fineTicker is for Linux: other systems' polls don't round.
type fineTicker struct{}

func newFineTicker() (*fineTicker, error) { return nil, nil }

func (*fineTicker) start() {}
func (*fineTicker) run()   {}
func (*fineTicker) close() {}
