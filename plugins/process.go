package plugins

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-plugin"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/kafkaboost/boostd/plugins/wire"
)

const (
	// termWait is the time between SIGTERM and SIGKILL.
	termWait = 2 * time.Second
	// lanesPerStream is how many slots share a stream: its sender and its receiver are
	// one goroutine each, on both sides.
	lanesPerStream = 8
	maxStreams     = 8
)

// death is how a process ended, for those whose messages it had.
type death struct {
	cause string
	// wanted: nobody's message is to blame; blamed: this lane's is.
	wanted bool
	blamed *lane
	// alone: a single lane had messages with it.
	alone bool
}

// process is one life of a plugin's program.
type process struct {
	launcher *launcher
	client   *plugin.Client
	rpc      wire.HandlerClient
	health   healthpb.HealthClient
	info     *wire.StartReply
	log      *programLog
	began    time.Time

	mu      sync.Mutex
	streams []*stream
	lanes   []*lane // by number
	free    []*lane
	inUse   int
	leaving bool          // no more lanes
	empty   chan struct{} // closed when it is leaving and no lane is in use
	strange int           // results that nobody asked for

	busy     atomic.Int64 // lanes that have messages here
	answered atomic.Bool
	once     sync.Once
	dead     chan struct{} // closed when nothing more will be answered; then death says why
	death    death
	open     sync.WaitGroup // streams
	buried   chan struct{}  // closed when nothing of it is left
}

// lane gives a slot its way to the plugin; nil when the process takes no more.
func (p *process) lane() (*lane, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leaving || p.over() {
		return nil, nil
	}
	if n := len(p.free); n > 0 {
		l := p.free[n-1]
		p.free = p.free[:n-1]
		p.inUse++
		return l, nil
	}
	s, err := p.stream()
	if err != nil {
		return nil, err
	}
	l := newLane(s, len(p.lanes))
	p.lanes = append(p.lanes, l)
	p.inUse++
	return l, nil
}

// stream is the one for the next lane. The lock is held.
func (p *process) stream() (*stream, error) {
	if len(p.streams) > 0 && (len(p.lanes) < len(p.streams)*lanesPerStream || len(p.streams) == maxStreams) {
		return p.streams[len(p.lanes)%len(p.streams)], nil
	}
	client, err := p.rpc.Work(context.Background()) // it ends with the process
	if err != nil {
		return nil, fmt.Errorf("open stream: %s", why(err))
	}
	s := &stream{process: p, client: client}
	p.streams = append(p.streams, s)
	p.open.Go(func() { p.ended(s.receive()) })
	return s, nil
}

// ended is called when a stream is. Unless the process is leaving that is the end of
// all of it: messages on it will not be answered.
func (p *process) ended(err error) {
	p.mu.Lock()
	leaving := p.leaving
	p.mu.Unlock()
	if leaving && errors.Is(err, io.EOF) {
		return
	}
	timer := time.NewTimer(exitWait) // mostly the process has ended: that says more
	defer timer.Stop()
	select {
	case <-p.dead:
	case <-timer.C:
		p.kill(death{cause: "plugin closed a stream: " + why(err)})
	}
}

// release takes a lane back that has nothing open.
func (p *process) release(l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, l)
	p.inUse--
	p.checkEmpty()
}

func (p *process) checkEmpty() {
	if p.leaving && p.inUse == 0 {
		select {
		case <-p.empty:
		default:
			close(p.empty)
		}
	}
}

// settle gives results to their lanes.
func (p *process) settle(r *wire.Results) {
	p.answered.Store(true)
	replies := make([]reply, 0, len(r.Done)+len(r.Failed))
	for _, id := range r.Done {
		replies = append(replies, reply{id: id})
	}
	for _, f := range r.Failed {
		replies = append(replies, reply{f.GetId(), f})
	}
	for len(replies) > 0 {
		number, n := replies[0].id>>laneBits, 1
		for n < len(replies) && replies[n].id>>laneBits == number {
			n++
		}
		p.put(number, replies[:n])
		replies = replies[n:]
	}
}

func (p *process) put(number uint64, replies []reply) {
	p.mu.Lock()
	var l *lane
	if number < uint64(len(p.lanes)) {
		l = p.lanes[number]
	}
	p.mu.Unlock()
	switch {
	case l == nil:
		p.unasked(len(replies))
	case !l.put(replies):
		p.kill(death{cause: "plugin replies more than it was asked"})
	}
}

// unasked notes results that nobody waits for.
func (p *process) unasked(n int) {
	p.mu.Lock()
	first := p.strange == 0
	p.strange += n
	p.mu.Unlock()
	if first {
		p.log.logger.Warn("plugin answered what it wasn't asked, or twice; further ones are not told of", "pid", p.pid())
	}
}

func (p *process) pid() int { return p.launcher.program.process.Pid }

func (p *process) over() bool {
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

// kill ends the process at once, for a reason; the first one counts. It doesn't wait.
func (p *process) kill(d death) {
	p.once.Do(func() {
		d.alone = p.busy.Load() == 1
		p.death = d
		close(p.dead)
		go p.bury()
	})
}

// bury ends what is left of the process. Who keeps the process waits for buried.
func (p *process) bury() {
	defer close(p.buried)
	if p.launcher.program != nil {
		p.launcher.program.kill()
		<-p.launcher.gone
	}
	p.client.Kill() // its connection and its folder
	p.mu.Lock()     // who was about to open a stream has done so; nobody else will
	p.mu.Unlock()   //nolint:staticcheck // there is nothing to do between
	p.open.Wait()
}

// leave ends a process that is no longer needed: what it has is finished, until ctx
// ends. It returns when it is over.
func (p *process) leave(ctx context.Context) {
	p.mu.Lock()
	p.leaving = true
	p.checkEmpty()
	streams := p.streams
	p.mu.Unlock()
	select {
	case <-p.empty:
		for _, s := range streams {
			_ = s.close()
		}
		p.launcher.terminate()
		timer := time.NewTimer(termWait)
		defer timer.Stop()
		select {
		case <-p.launcher.program.exited:
		case <-timer.C:
		}
	case <-p.dead:
	case <-ctx.Done():
	}
	p.kill(death{cause: "plugin is being replaced", wanted: true})
	<-p.buried
}
