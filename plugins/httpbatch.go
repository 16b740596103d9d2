package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/kafkaboost/boostd"
)

// Several messages go into one request, as a JSON array of the objects that a
// program gets (line.go), with ids from 1; the header Boostd-Batch has their number.
// The messages of a key stand in their order.
//
//	[{"id":1,"topic":"orders",…},{"id":2,…}]
//
// The answer, with any status 2xx, is a JSON array of what a program answers, one
// object for each message, in any order. A message that none speaks of is tried
// again, of two for one message the first counts. Any other status is about all
// messages, as it is about one.
//
//	[{"id":2,"result":"retry","error":"no stock","after_ms":2000},{"id":1,"result":"done"}]

const (
	// maxBatchBody bounds a request with more than one message, in bytes.
	maxBatchBody = 1 << 20
	// maxBatchAnswer bounds an answer beside maxAnswer, in bytes a message.
	maxBatchAnswer = 4 << 10
)

var _ taker = (*httpDoer)(nil)

func (d *httpDoer) takes() bool { return d.batch.Load() > 1 }

// handle posts what there is, at most batch messages at a time, until there is
// nothing more.
func (d *httpDoer) handle(ctx context.Context, work boostd.Work) {
	var b batch
	for b.fill(work, int(d.batch.Load()), d.alone) {
		for i, r := range d.postBatch(ctx, &b) {
			work.Report(b.messages[i], r)
		}
		b.reset()
	}
}

// alone keeps a message's last attempt apart: what fails for good must have failed
// by itself.
func (d *httpDoer) alone(m *boostd.Message) bool {
	return m.Attempt > 1 && int64(m.Attempt) >= d.last.Load()
}

// batch is one request's messages; the id of each is its index and one.
type batch struct {
	messages []*boostd.Message
	body     []byte
	carried  *boostd.Message // taken, and for the next request
	over     bool            // there is nothing more to take before the next report
}

// fill takes messages for one request; it reports whether there are any.
func (b *batch) fill(work boostd.Work, most int, alone func(*boostd.Message) bool) bool {
	for len(b.messages) < most {
		m := b.next(work)
		if m == nil {
			break
		}
		single := alone(m)
		if !b.add(m, single) {
			b.carried = m
			break
		}
		if single {
			break
		}
	}
	b.over = false
	if len(b.messages) == 0 {
		return false
	}
	b.body = append(b.body, ']')
	return true
}

func (b *batch) next(work boostd.Work) *boostd.Message {
	if m := b.carried; m != nil {
		b.carried = nil
		return m
	}
	if b.over {
		return nil
	}
	m, ok := work.Next()
	if b.over = !ok; b.over {
		return nil
	}
	return m
}

// add takes a message in, unless it has no room beside others.
func (b *batch) add(m *boostd.Message, single bool) bool {
	if len(b.messages) > 0 && single {
		return false
	}
	before, sign := len(b.body), byte('[')
	if before > 0 {
		sign = ','
	}
	b.body = appendRequest(append(b.body, sign), uint64(len(b.messages)+1), m)
	b.body = b.body[:len(b.body)-1] // the line's end
	if before > 0 && len(b.body) >= maxBatchBody {
		clear(b.body[before:])
		b.body = b.body[:before]
		return false
	}
	b.messages = append(b.messages, m)
	return true
}

// reset forgets the messages: nothing of them is kept.
func (b *batch) reset() {
	clear(b.messages)
	b.messages = b.messages[:0]
	clear(b.body)
	b.body = b.body[:0]
	if cap(b.body) > 2*maxBatchBody {
		b.body = nil
	}
}

// postBatch has a result for each message.
func (d *httpDoer) postBatch(ctx context.Context, b *batch) []boostd.Result {
	body := ownPayload(b.body)
	defer body.drop()
	header := http.Header{
		"User-Agent": {"boostd"}, "Content-Type": {"application/json"}, "Boostd-Batch": {strconv.Itoa(len(b.messages))},
	}
	resp, err := d.post(ctx, header, body, len(b.body))
	if err != nil {
		return same(len(b.messages), retry(err.Error()))
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return same(len(b.messages), d.judge(ctx, resp))
	}
	results, odd, err := readResults(resp.Body, len(b.messages))
	if err != nil {
		why := err.Error()
		if ctx.Err() != nil {
			why = "but not to the end: " + whyEnded(ctx)
		}
		return same(len(b.messages), retry(answered(resp)+", "+why))
	}
	if odd != "" && d.log.allow(time.Now()) {
		d.log.logger.Warn("service answered with results that were passed over", "messages", len(b.messages), "results", odd)
	}
	return results
}

var errNoResults = errors.New("but not with the JSON array of results expected")

func same(n int, r boostd.Result) []boostd.Result {
	all := make([]boostd.Result, n)
	for i := range all {
		all[i] = r
	}
	return all
}

// readResults reads the answer about n messages. odd tells of what is in it beside
// their results. The errors show nothing of the answer, which may hold payload.
func readResults(body io.Reader, n int) (results []boostd.Result, odd string, err error) {
	limit := maxAnswer + n*maxBatchAnswer
	data, err := io.ReadAll(io.LimitReader(body, int64(limit)+1))
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("but not to the end: %s", whyNoAnswer(context.Background(), err))
	case len(data) > limit:
		return nil, "", fmt.Errorf("with more than %d bytes for %d messages", limit, n)
	}
	var entries []json.RawMessage
	if json.Unmarshal(data, &entries) != nil || entries == nil {
		return nil, "", errNoResults
	}
	results = same(n, retry("answered without a result for this message"))
	told := make([]bool, n)
	unknown, doubled := 0, 0
	for _, entry := range entries {
		var a answer
		bad := json.Unmarshal(entry, &a) // what could be read before the mistake is there
		switch {
		case a.ID == nil || *a.ID < 1 || *a.ID > uint64(n):
			unknown++
			continue
		case told[*a.ID-1]:
			doubled++
			continue
		}
		told[*a.ID-1] = true
		r, err := a.result("service")
		switch {
		case bad != nil:
			r = retry("answered with a result that isn't the JSON object expected")
		case err != nil:
			r = retry(err.Error())
		}
		results[*a.ID-1] = r
	}
	if unknown+doubled > 0 {
		odd = fmt.Sprintf("%d with no id or an unknown one, %d for a message that has one", unknown, doubled)
	}
	return results, odd, nil
}
