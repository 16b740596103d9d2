package chaos

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Weather is what a proxy does to what goes through it. The zero value is nothing.
type Weather struct {
	// Delay is added to each frame, both ways.
	Delay time.Duration
	// Down refuses new connections; those that are open are cut as it begins.
	Down bool
	// LoseCommits swallows OffsetCommit requests, LoseAnswers what the broker
	// answers to them: then the commit has happened.
	LoseCommits, LoseAnswers bool
}

// Proxy stands in front of one broker and understands as much of Kafka's
// protocol as losing commits alone needs.
type Proxy struct {
	listener net.Listener
	to       string
	weather  atomic.Pointer[Weather]
	tasks    sync.WaitGroup
	// Lost counts the frames that were swallowed.
	Lost atomic.Int64

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

// StartProxy listens at an address and connects to another until Close.
func StartProxy(at, to string) (*Proxy, error) {
	listener, err := net.Listen("tcp", at)
	if err != nil {
		return nil, fmt.Errorf("start proxy: %w", err)
	}
	p := &Proxy{listener: listener, to: to, open: map[net.Conn]bool{}}
	p.weather.Store(&Weather{})
	p.tasks.Go(p.accept)
	return p, nil
}

// Set changes the weather.
func (p *Proxy) Set(w Weather) {
	p.weather.Store(&w)
	if w.Down {
		p.Cut()
	}
}

// Cut ends all connections that are open.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close() // its tasks notice
	}
}

// Close ends the proxy and waits for its tasks.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close()
	p.Cut()
	p.tasks.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // too many files at worst: the client tries again
		}
		if !p.keep(client) {
			_ = client.Close()
			continue
		}
		p.tasks.Go(func() { p.connect(client) })
	}
}

// keep notes a connection, unless there shall be none.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.weather.Load().Down {
		return false
	}
	p.open[c] = true
	return true
}

func (p *Proxy) drop(c net.Conn) {
	_ = c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
}

// connect serves one client until one of the two ends.
func (p *Proxy) connect(client net.Conn) {
	defer p.drop(client)
	broker, err := net.DialTimeout("tcp", p.to, 10*time.Second)
	if err != nil || !p.keep(broker) {
		if err == nil {
			_ = broker.Close()
		}
		return
	}
	defer p.drop(broker)
	l := &link{proxy: p, commits: map[uint32]bool{}}
	var both sync.WaitGroup
	both.Go(func() { l.pump(client, broker, l.asks) })
	both.Go(func() { l.pump(broker, client, l.answers) })
	both.Wait()
}

// link is one client's connection to the broker.
type link struct {
	proxy   *Proxy
	mu      sync.Mutex
	commits map[uint32]bool // requests whose answers shall be lost
}

// frameAt is a frame and when it may go on.
type frameAt struct {
	bytes []byte
	at    time.Time
}

// inTransit bounds the frames that are delayed in one direction.
const inTransit = 256

// pump moves frames one way, in order, those that pass lets through. Whatever
// ends it ends both connections.
func (l *link) pump(from, to net.Conn, pass func(frame []byte) (bool, error)) {
	queue := make(chan frameAt, inTransit)
	var writer sync.WaitGroup
	writer.Go(func() {
		defer to.Close()
		defer from.Close()
		for f := range queue {
			if wait := time.Until(f.at); wait > 0 {
				<-time.After(wait)
			}
			if _, err := to.Write(f.bytes); err != nil {
				break
			}
		}
		for range queue { // what comes until the reader notices
		}
	})
	for {
		frame, err := readFrame(from)
		if err != nil {
			break
		}
		through, err := pass(frame)
		if err != nil {
			break
		}
		if through {
			queue <- frameAt{frame, time.Now().Add(l.proxy.weather.Load().Delay)}
		} else {
			l.proxy.Lost.Add(1)
		}
	}
	close(queue)
	_ = to.Close()
	writer.Wait()
}

// asks lets requests through.
func (l *link) asks(frame []byte) (bool, error) {
	key, correlation, err := request(frame)
	if err != nil || key != offsetCommit {
		return true, err
	}
	w := l.proxy.weather.Load()
	if w.LoseAnswers {
		l.mu.Lock()
		l.commits[correlation] = true
		l.mu.Unlock()
	}
	return !w.LoseCommits, nil
}

// answers lets answers through.
func (l *link) answers(frame []byte) (bool, error) {
	correlation, err := answered(frame)
	l.mu.Lock()
	defer l.mu.Unlock()
	lose := l.commits[correlation]
	delete(l.commits, correlation)
	return !lose, err
}
