package sdk

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// work is one stream. It owns its batches' goroutines: serve returns when all have
// ended and their results are sent.
type work struct {
	service *service
	stream  grpc.BidiStreamingServer[wire.Order, wire.Results]
	out     *sender
	ctx     context.Context // of the batches
	over    atomic.Bool     // the plugin ends: nothing more is to be begun

	mu   sync.Mutex
	idle sync.Cond // of mu: live became empty
	live map[*batch]struct{}
}

func (s *service) serveWork(stream grpc.BidiStreamingServer[wire.Order, wire.Results]) error {
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	defer context.AfterFunc(s.ending, func() { cancel(errStopping) })()
	w := &work{service: s, stream: stream, out: newSender(stream.Send), ctx: ctx, live: map[*batch]struct{}{}}
	w.idle.L = &w.mu
	go w.out.run()
	received := make(chan error, 1)
	go func() { received <- w.receive() }() // it returns at the latest when the stream ends with this function
	var err error
	select {
	case err = <-received:
	case <-s.stopping.Done():
		w.over.Store(true)
		err = status.Error(codes.Unavailable, errStopping.Error())
	}
	w.wait()
	w.out.close()
	return err
}

// receive takes orders until boostd sends no more.
func (w *work) receive() error {
	for {
		order, err := w.stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case order.GetBatch() != nil:
			w.take(order.GetBatch())
		case order.GetCancel() != nil:
			w.cancel(order.GetCancel().GetIds())
		}
	}
}

// take begins a batch.
func (w *work) take(o *wire.Batch) {
	b := newBatch(o)
	b.handler, b.out, b.ctx, b.over, b.onEnd = w.service.handler, w.out, w.ctx, &w.over, w.remove
	if o.GetTogether() {
		b.together, _ = w.service.handler.(BatchHandler)
	}
	w.mu.Lock()
	w.live[b] = struct{}{}
	w.mu.Unlock()
	go b.run()
}

// cancel looks in every batch that is under way: there are few, and it is seldom.
func (w *work) cancel(ids []uint64) {
	which := make(map[uint64]bool, len(ids))
	for _, id := range ids {
		which[id] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for b := range w.live {
		b.cancel(which)
	}
}

func (w *work) remove(b *batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.live, b)
	if len(w.live) == 0 {
		w.idle.Broadcast()
	}
}

// wait returns when no batch is under way.
func (w *work) wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.live) > 0 {
		w.idle.Wait()
	}
}
