package plugins

import (
	"sync"

	"github.com/kafkaboost/boostd/plugins/wire"
	"google.golang.org/grpc"
)

// stream is one of a process's streams. Lanes send on it in turns; its receiver
// gives each what is its own.
type stream struct {
	process *process
	client  grpc.BidiStreamingClient[wire.Order, wire.Results]

	mu sync.Mutex // one sends at a time
}

// send gives the order to the plugin. The order may be used again when it returns.
func (s *stream) send(o *wire.Order) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client.Send(o)
}

// close says that no order follows.
func (s *stream) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client.CloseSend()
}

// receive is the stream's own goroutine. It ends with the stream.
func (s *stream) receive() error {
	for {
		r, err := s.client.Recv()
		if err != nil {
			return err
		}
		s.process.settle(r)
	}
}
