package audit

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestRead(t *testing.T) {
	whole := string(new(sample()).AppendJSON(nil))
	for _, c := range []struct {
		name, text             string
		records, missing, torn int
	}{
		{"empty", "", 0, 0, 0},
		{"blank lines", "\n\n  \n" + whole + "\n", 1, 0, 0},
		{"two", whole + whole, 2, 0, 0},
		{"last line without its end", whole + strings.TrimSuffix(whole, "\n"), 2, 0, 0},
		{"last line torn", whole + whole[:40], 1, 0, 1},
		{"torn in the middle, then ended", whole + whole[:40] + "\n" + whole, 2, 0, 1},
		{"gap", whole + `{"gap":17,"since":1,"until":2}` + "\n" + whole, 2, 17, 0},
		{"two gaps", `{"gap":17}` + "\n" + `{"gap":3}` + "\n", 0, 20, 0},
		{"other JSON", `{"a":1}` + "\n" + `[]` + "\n" + `"x"` + "\n" + `null` + "\n", 0, 0, 4},
		{"resolution", whole + `{"resolved":"skip","topic":"orders","partition":3,"offset":42,"level":7,"handler":"h","by":"ann","at":5}` + "\n", 1, 0, 0},
		{"resolution of nothing", `{"resolved":"skip"}` + "\n", 0, 0, 1},
		{"negative gap", `{"gap":-4}` + "\n", 0, 0, 1},
		{"unknown result", strings.Replace(whole, `"done"`, `"perhaps"`, 1), 0, 0, 1},
		{"a number as text", strings.Replace(whole, `"offset":4711`, `"offset":"4711"`, 1), 0, 0, 1},
		{"unknown keys are of a later version", strings.Replace(whole, `{`, `{"new":[1],`, 1), 1, 0, 0},
		{"bytes", "\x00\xff\xfe\n" + whole, 1, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Read(strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Records) != c.records || got.Missing != c.missing || got.Torn != c.torn {
				t.Errorf("got %d records, %d missing, %d torn; want %d, %d, %d",
					len(got.Records), got.Missing, got.Torn, c.records, c.missing, c.torn)
			}
		})
	}
}

func TestReadFileNamesTheFile(t *testing.T) {
	_, err := ReadFile(filepath.Join(t.TempDir(), "none.jsonl"))
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "none.jsonl") {
		t.Errorf("got %v", err)
	}
}

// TestRoundTrip writes random records and reads them back.
func TestRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var want []Record
	var text []byte
	for range 2000 {
		r := randomRecord(random)
		want = append(want, r)
		text = r.AppendJSON(text)
	}
	got, err := Read(bytes.NewReader(text))
	if err != nil || got.Torn != 0 || got.Missing != 0 || len(got.Records) != len(want) {
		t.Fatalf("%v: %d records, %d torn, %d missing", err, len(got.Records), got.Torn, got.Missing)
	}
	for n := range want {
		if !reflect.DeepEqual(got.Records[n], want[n]) {
			t.Fatalf("record %d: got %+v, want %+v", n, got.Records[n], want[n])
		}
	}
}

func randomRecord(random *rand.Rand) Record {
	at := func() time.Time { return time.Unix(0, random.Int64N(4e18)+1) }
	r := Record{
		Topic: "t" + string(randomBytes(random, 'a', 26)), Partition: random.Int32N(1000), Offset: random.Int64(),
		Level: boostd.Level(random.IntN(1001)), Handler: "h" + string(randomBytes(random, ' ', 90)),
		ProducedAt: at(), FetchedAt: at(), ReadyAt: at(), DispatchedAt: at(), StartedAt: at(), FinishedAt: at(),
		Attempt: random.IntN(1000) + 1, Result: boostd.Outcome(random.IntN(5) + 1), Worker: random.IntN(4096),
	}
	if random.IntN(3) > 0 {
		r.Key = randomBytes(random, 0, 256)
	}
	if random.IntN(4) == 0 {
		r.ProducedAt = time.Time{}
	}
	return r
}

// randomBytes is a short run of bytes, possibly empty, never nil.
func randomBytes(random *rand.Rand, first byte, span int) []byte {
	b := make([]byte, random.IntN(12))
	for n := range b {
		b[n] = first + byte(random.IntN(span))
	}
	return b
}

// FuzzRead: whatever stands in a file, Read ends without a panic, and what it
// takes for a record can be written and read again.
func FuzzRead(f *testing.F) {
	f.Add(new(sample()).AppendJSON(nil))
	f.Add([]byte(`{"gap":1}` + "\n{"))
	f.Add([]byte(`{"topic":"t","result":"dead","level":-9223372036854775808,"key":"a","key_b64":"AA=="}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		log, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		var again []byte
		for n := range log.Records {
			again = log.Records[n].AppendJSON(again)
		}
		second, err := Read(bytes.NewReader(again))
		if err != nil || second.Torn != 0 || !reflect.DeepEqual(second.Records, log.Records) {
			t.Fatalf("%v: read %+v, then %+v", err, log.Records, second.Records)
		}
	})
}

// FuzzRoundTrip: any key and text comes back as it was.
func FuzzRoundTrip(f *testing.F) {
	f.Add("orders", []byte("key"), int64(1), int64(2))
	f.Add("größe", []byte{0xff}, int64(-1), int64(1))
	f.Fuzz(func(t *testing.T, handler string, key []byte, offset, started int64) {
		r := sample()
		r.Handler, r.Key, r.Offset = strings.ToValidUTF8(handler, "?"), key, offset
		if r.StartedAt = time.Unix(0, started); started == 0 {
			r.StartedAt = time.Time{} // the line has no other way to say it
		}
		got, err := Read(bytes.NewReader(r.AppendJSON(nil)))
		if err != nil || len(got.Records) != 1 || !reflect.DeepEqual(got.Records[0], r) {
			t.Fatalf("%v: got %+v, want %+v", err, got, r)
		}
	})
}
