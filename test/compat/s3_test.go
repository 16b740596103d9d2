package compat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/test/rig"
	"github.com/kafkaboost/boostd/test/s3test"
)

// office is a folder in S3 that boostd and boto3 both use.
type office struct {
	t       *testing.T
	python  string
	environ []string
	bucket  string
	folder  string
	dir     string // of boostd.yaml
}

// newest is what s3.py says of the newest version.
type newest struct {
	Key      string          `json:"key"`
	Versions int             `json:"versions"`
	Document json.RawMessage `json:"document"`
	Type     string          `json:"type"`
}

func (o *office) boto3(input string, args ...string) []byte {
	o.t.Helper()
	cmd := exec.Command(o.python, append([]string{"s3.py", o.bucket}, args...)...)
	cmd.Env = append(os.Environ(), o.environ...)
	cmd.Stdin = strings.NewReader(input)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		o.t.Fatalf("s3.py %q: %v\n%s", args, err, complaint.String())
	}
	return out
}

// put writes a version as the web page does, and returns its name.
func (o *office) put(document string) string {
	o.t.Helper()
	name := "settings-" + time.Now().UTC().Format("2006-01-02T15:04:05.000Z") + ".json"
	o.boto3(document, "put", o.folder+name)
	return name
}

func (o *office) newest() (n newest) {
	o.t.Helper()
	if err := json.Unmarshal(o.boto3("", "newest", o.folder), &n); err != nil {
		o.t.Fatal(err)
	}
	return n
}

// settings runs a command below `boostd settings` and returns what it prints, with
// its complaints where it fails.
func (o *office) settings(code int, args ...string) string {
	o.t.Helper()
	p := rig.SpawnEnv(o.t, o.environ, append(append([]string{"settings"}, args...), "-c", filepath.Join(o.dir, "boostd.yaml"))...)
	if got := p.Wait(rig.Patience); got != code {
		o.t.Fatalf("boostd settings %q exits with %d, want %d:\n%s", args, got, code, p.Output())
	}
	if code == 0 {
		return p.Stdout()
	}
	return p.Output()
}

// push pushes a document and returns the name of its version.
func (o *office) push(document, base string) string {
	o.t.Helper()
	o.write("new.json", document)
	out := o.settings(0, "push", filepath.Join(o.dir, "new.json"), "--base", base, "--by", "ann", "-m", "größer", "--json")
	var e configwatch.Entry
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		o.t.Fatalf("%v in %s", err, out)
	}
	return e.Name
}

func (o *office) write(name, text string) {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, name), []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// sameJSON compares documents by what is in them.
func sameJSON(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatalf("%s: %v in %s", what, err, got)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

// Settings in S3 are read by boto3, the AWS SDK's own client and boostd, whoever of
// them has written: in the folders that KafkaBoost's package and its web page use.
func TestSettingsInS3(t *testing.T) {
	t.Parallel()
	interpreter := python(t)
	server := s3test.Start(t)
	bucket := server.Bucket(t)
	const text = `{"max_priority": 10, "Priority_boost": [{"topic_name": "orders", "priority_boost_min_value": %d, "number_of_partitions": 0}], "comment": "größer – 大", "hash_code": null}`
	for _, folder := range []string{"users/user123/", "private/us-east-1:0a1b2c3d-0000-4444-8888-abcdefabcdef/users/user123/"} {
		t.Run(strings.SplitN(folder, "/", 2)[0], func(t *testing.T) {
			t.Parallel()
			o := &office{t, interpreter, []string{"AWS_ACCESS_KEY_ID=" + s3test.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s3test.SecretKey,
				"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "S3_ENDPOINT=" + server.Endpoint}, bucket, folder, t.TempDir()}
			o.write("boostd.yaml", fmt.Sprintf("kafka: {brokers: [a:1], group: g}\nsettings: {source: \"s3://%s/%s\", s3: {endpoint: %q, path_style: true}}\n"+
				"topics: {orders: {handler: h}}\nhandlers: {h: {noop: {}}}\n", bucket, folder, server.Endpoint))
			eight, nine, ten := fmt.Sprintf(text, 8), fmt.Sprintf(text, 9), fmt.Sprintf(text, 10)

			first := o.put(eight)
			if out := o.settings(0, "show"); !strings.Contains(out, "orders_8 to orders_10") {
				t.Errorf("boostd reads of boto3: %s", out)
			}
			sameJSON(t, "its document", []byte(o.settings(0, "show", first)), eight)
			if out := o.settings(0, "history"); !strings.Contains(out, "*  "+first) {
				t.Errorf("the history has %s", out)
			}

			second := o.push(nine, first)
			n := o.newest()
			if n.Key != folder+second || n.Versions != 2 || n.Type != "application/json" {
				t.Errorf("boto3's newest is %+v, want %s", n, second)
			}
			sameJSON(t, "boto3 reads of boostd", n.Document, nine)
			key := folder + second
			out, err := server.Client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				t.Fatal(err)
			}
			defer out.Body.Close()
			if body, err := io.ReadAll(out.Body); err != nil || string(body) != nine {
				t.Errorf("the SDK's client reads %s, %v", body, err)
			}

			third := o.put(ten) // the page knows no head
			if out := o.settings(0, "history"); !strings.Contains(out, "*  "+third) || !strings.Contains(out, "ann  größer") {
				t.Errorf("the history has %s", out)
			}
			o.write("new.json", eight)
			if out := o.settings(1, "push", filepath.Join(o.dir, "new.json"), "--base", second); !strings.Contains(out, "\"priority_boost_min_value\": 10") {
				t.Errorf("the conflict shows %s", out)
			}
			o.settings(0, "restore", first)
			n = o.newest()
			sameJSON(t, "boto3 reads what was restored", n.Document, eight)
			if n.Versions != 4 {
				t.Errorf("there are %d versions, want 4", n.Versions)
			}
			server.Put(t, bucket, folder+"settings-2999-01-01T00:00:00.000Z.json", nine) // by the SDK's own client
			sameJSON(t, "boostd reads of the SDK's client", []byte(o.settings(0, "show", "current")), nine)
		})
	}
}
