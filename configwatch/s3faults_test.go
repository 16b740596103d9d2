package configwatch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/s3test"
)

// canary must be in no error.
const canary = "c4n4ry"

// fails checks that a Read of a new source fails with a text, and shows no secret.
func (s *store) fails(t *testing.T, c Config, want string) {
	t.Helper()
	o := s.openWith(t, c)
	_, err := o.Read(t.Context(), false)
	checkError(t, err, "read settings: "+c.Source+": "+want)
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %s", want)
		return
	}
	head, tail, cut := strings.Cut(want, "…")
	if got := err.Error(); !strings.HasPrefix(got, head) || !strings.HasSuffix(got, tail) || !cut && got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for _, secret := range []string{canary, s3test.SecretKey, s3test.AccessKey, "X-Amz", "AWS4", "RequestID", "request id"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s shows %s", err, secret)
		}
	}
}

// TestS3Refuses has what the real server says.
func TestS3Refuses(t *testing.T) {
	s := newStore(t)
	s.Put(t, s.bucket, "u/settings-1.json", "{}")
	at := S3Config{Endpoint: s.proxy.Endpoint, PathStyle: true}
	for _, key := range []string{"u/", "u/settings-1.json"} {
		source := "s3://" + s.bucket + "/" + key
		s3test.Environment(t, s3test.AccessKey, canary)
		s.fails(t, Config{Source: source, S3: at}, "the secret key doesn't belong to the access key: look at the credentials")
		s3test.Environment(t, canary, s3test.SecretKey)
		s.fails(t, Config{Source: source, S3: at}, "the server doesn't know the access key: look whether it is still valid and belongs to this server")
		s3test.Environment(t, s3test.AccessKey, s3test.SecretKey)
		s.fails(t, Config{Source: "s3://nobody/" + key, S3: at}, "there is no bucket nobody at "+s.proxy.Endpoint+": look for a slip in the source")
		elsewhere := at
		elsewhere.Region = "eu-north-1"
		s.fails(t, Config{Source: source, S3: elsewhere}, `the bucket `+s.bucket+` is in the region "us-east-1", it was asked for in "eu-north-1": set settings.s3.region`)
	}
}

// says answers with an error as S3 forms it.
func says(status int, code, message string, header ...string) s3test.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("X-Amz-Request-Id", canary)
		w.WriteHeader(status)
		if code != "" {
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message><RequestId>%s</RequestId><StringToSign>%s</StringToSign></Error>", code, message, canary, canary)
		}
	}
}

func TestS3Faults(t *testing.T) {
	s := newStore(t)
	day := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	for _, c := range []struct {
		name  string
		fault s3test.Fault
		asked int // attempts
		list  string
		get   string // where it is another
	}{
		{"denied", says(403, "AccessDenied", "User: arn:aws:iam::1:user/x is not authorized"), 1,
			"access denied: the credentials need s3:ListBucket on BUCKET: User: arn:aws:iam::1:user/x is not authorized",
			"access denied: the credentials need s3:GetObject on BUCKET/u/settings-1.json (without s3:ListBucket S3 says the same of an object that isn't there): User: arn:aws:iam::1:user/x is not authorized"},
		{"denied, our request in the text", says(403, "AccessDenied", "AWS4-HMAC-SHA256 Credential="+canary), 1,
			"access denied: the credentials need s3:ListBucket on BUCKET",
			"access denied: the credentials need s3:GetObject on BUCKET/u/settings-1.json (without s3:ListBucket S3 says the same of an object that isn't there)"},
		{"session", says(400, "ExpiredToken", "The provided token has expired."), 1, "the session of the credentials has ended or isn't valid (ExpiredToken): get new credentials", ""},
		{"500", says(500, "InternalError", "oops"), 3, "the server has trouble of its own (500 InternalError): nothing to do here, unless it stays", ""},
		{"503 without a text", says(503, "", ""), 3, "the server has trouble of its own (503 ServiceUnavailable): nothing to do here, unless it stays", ""},
		{"skew", says(403, "RequestTimeTooSkewed", "The difference is too large.", "Date", day.Format(http.TimeFormat)), 2, // the second with the server's time
			"the clocks of this machine and of the server are too far apart, …Z here and " + day.Format(time.RFC3339) + " there: set this one, such as by NTP", ""},
		{"another region", says(301, "PermanentRedirect", "The bucket must be addressed elsewhere.", "X-Amz-Bucket-Region", "eu-north-1"), 1,
			`the bucket BUCKET is in the region "eu-north-1", it was asked for in "us-east-1": set settings.s3.region`, ""},
		{"another region, by name", says(400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-north-1'"), 1,
			`the bucket BUCKET is in the region "eu-north-1", it was asked for in "us-east-1": set settings.s3.region`, ""},
		{"elsewhere", says(307, "TemporaryRedirect", "elsewhere", "Location", "http://127.0.0.1:1/"+canary), 1,
			"the server sends us elsewhere (307 TemporaryRedirect): set settings.s3.region to the bucket's, or settings.s3.endpoint", ""},
		{"400", says(400, "Strange", "what\n\u202eis that?"), 1, "the server refuses (400 Strange): what  is that?", ""},
		{"304 unasked", says(304, "", ""), 1, "304 NotModified, and the object was never asked for conditionally: something on the way answers wrongly", ""},
		{"no S3", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { fmt.Fprint(w, "welcome") }, 0,
			"what answers at ENDPOINT doesn't speak S3: look at settings.s3.endpoint", "-"},
		{"cut", cut, 0, "the connection was cut before the answer was whole: nothing to do here, unless it stays", ""},
		{"endless", endless, 0, "the answer is larger than 8388608 bytes, which no answer of S3 is", "u/settings-1.json is larger than 1048576 bytes, which no settings document may be"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.proxy.Fault(c.fault)
			if c.get == "" {
				c.get = c.list
			}
			for key, want := range map[string]string{"u/": c.list, "u/settings-1.json": c.get} {
				if want == "-" {
					continue
				}
				s.proxy.Asked()
				want = strings.NewReplacer("BUCKET", s.bucket, "ENDPOINT", s.proxy.Endpoint).Replace(want)
				_, err := s.open(t, key).Read(t.Context(), false)
				checkError(t, err, "read settings: s3://"+s.bucket+"/"+key+": "+want)
				if n := len(s.proxy.Asked()); c.asked != 0 && n != c.asked {
					t.Errorf("%s: asked %d times, want %d", key, n, c.asked)
				}
			}
		})
	}
}

// cut promises more than it sends.
func cut(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `<ListBucketResult><Name>`)
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func endless(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	fmt.Fprint(w, `<ListBucketResult><Name>`)
	for spaces := strings.Repeat(" ", 1<<16); ; {
		if _, err := fmt.Fprint(w, spaces); err != nil {
			return
		}
	}
}

// TestS3Slow has a body that comes slower than a Read may take.
func TestS3Slow(t *testing.T) {
	s := newStore(t)
	s.proxy.Fault(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		fmt.Fprint(w, `<ListBucketResult>`)
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	for _, key := range []string{"u/", "u/settings-1.json"} {
		o := s.open(t, key)
		o.timeout = 300 * time.Millisecond
		began := time.Now()
		_, err := o.Read(t.Context(), false)
		checkError(t, err, "read settings: "+o.String()+": no whole answer within 300ms: is the server, or the way to it, overloaded?")
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		// One that is ended says so.
		ctx, cancel := context.WithCancel(t.Context())
		o = s.open(t, key)
		s.proxy.Asked()
		go func() {
			for len(s.proxy.Asked()) == 0 {
				runtime.Gosched()
			}
			cancel()
		}()
		if _, err := o.Read(ctx, false); !errors.Is(err, context.Canceled) {
			t.Errorf("ended: %v", err)
		}
	}
}

// TestS3Unreachable has no server at all.
func TestS3Unreachable(t *testing.T) {
	s := newStore(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + l.Addr().String()
	l.Close()
	s.fails(t, Config{Source: "s3://b/u/", S3: S3Config{Endpoint: refused}}, "the connection is refused: does the server run, and on this port?")
	s.fails(t, Config{Source: "s3://b/u/", S3: S3Config{Endpoint: "https" + strings.TrimPrefix(s.proxy.Endpoint, "http"), PathStyle: true}},
		"what answers there doesn't speak TLS: look at the port and the scheme")
	// No DNS server is asked for a label that ends in a hyphen.
	s.fails(t, Config{Source: "s3://b/u/", S3: S3Config{Endpoint: "https://s3-.invalid"}},
		"the host isn't known: look for a slip in its name, and at this machine's DNS; where the server wants buckets in the path, set settings.s3.path_style: true")
}

// TestNoCredentials finds none: at once where the instance isn't asked, and soon
// where it doesn't answer. Those that appear later are found.
func TestNoCredentials(t *testing.T) {
	s := newStore(t)
	s.Put(t, s.bucket, "doc.json", "{}")
	s3test.Environment(t, "", "")
	o := s.open(t, "doc.json")
	none := "read settings: " + o.String() + ": no credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or have a profile in ~/.aws/credentials of the user that boostd runs as (settings.s3.profile names it), or give this machine a role"
	_, err := o.Read(t.Context(), false)
	checkError(t, err, none)

	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://"+silent.Addr().String())
	began := time.Now()
	_, err = o.Read(t.Context(), false)
	checkError(t, err, none)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("the message came after %v, want about 2s", took)
	}
	if asked := s.proxy.Asked(); len(asked) != 0 {
		t.Errorf("without credentials it has asked for %q", asked)
	}
	writeFile(t, os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), fmt.Sprintf("[default]\naws_access_key_id=%s\naws_secret_access_key=%s\n", s3test.AccessKey, s3test.SecretKey))
	s.reads(t, o, false, "{}", "doc.json", "GET /BUCKET/doc.json")
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestSourcesOfCredentials has the SDK's other ones, good and bad.
func TestSourcesOfCredentials(t *testing.T) {
	s := newStore(t)
	s.Put(t, s.bucket, "doc.json", "{}")
	s3test.Environment(t, "", "")
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "keys"), fmt.Sprintf(`{"Version": 1, "AccessKeyId": %q, "SecretAccessKey": %q}`, s3test.AccessKey, s3test.SecretKey))
	writeFile(t, filepath.Join(dir, "wrong"), canary)
	writeFile(t, os.Getenv("AWS_CONFIG_FILE"), strings.ReplaceAll(`
[profile process]
region = eu-north-1
credential_process = cat DIR/keys
[profile wrong]
credential_process = cat DIR/wrong
[profile fails]
credential_process = false
[profile half]
role_arn = arn:aws:iam::1:role/`+canary+`
`, "DIR", dir))
	source := "s3://" + s.bucket + "/doc.json"
	with := func(profile string) Config {
		return Config{Source: source, S3: S3Config{Endpoint: s.proxy.Endpoint, PathStyle: true, Profile: profile, Region: "us-east-1"}}
	}
	s.reads(t, s.openWith(t, with("process")), false, "{}", "doc.json", "GET /BUCKET/doc.json")
	const process = "credential_process of the profile gave no credentials: run it by hand as the user that boostd runs as"
	s.fails(t, with("wrong"), process)
	s.fails(t, with("fails"), process)
	s.fails(t, with("absent"), `there is no profile "absent" in the files of the AWS SDK, such as ~/.aws/config: add it, or look at settings.s3.profile and AWS_PROFILE`)
	s.fails(t, with("half"), "no credentials: their source isn't usable: …")
	// The profile's region counts where boostd.yaml has none: the server is in another.
	elsewhere := with("process")
	elsewhere.S3.Region = ""
	s.fails(t, elsewhere, `the bucket `+s.bucket+` is in the region "us-east-1", it was asked for in "eu-north-1": set settings.s3.region`)

	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", dir)
	s.fails(t, with(""), "the AWS SDK can't read "+dir+": look at its permissions and its form")
}

// TestRoles gets credentials from servers, as on AWS: from a web identity, a
// container and an instance.
func TestRoles(t *testing.T) {
	s := newStore(t)
	s.Put(t, s.bucket, "doc.json", "{}")
	keys := fmt.Sprintf(`"AccessKeyId": %q, "SecretAccessKey": %q, "Expiration": %q`, s3test.AccessKey, s3test.SecretKey, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>
				<SessionToken/><Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
				s3test.AccessKey, s3test.SecretKey, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		case r.URL.Path == "/page":
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, canary)
		case r.URL.Path == "/denied":
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"Code": "AccessDenied", "Message": "not you"}`)
		case r.Method == http.MethodPut:
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
			fmt.Fprint(w, "token")
		case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
			fmt.Fprint(w, "role")
		default:
			fmt.Fprint(w, `{"Code": "Success", `+keys+`}`)
		}
	}))
	defer source.Close()
	identity := filepath.Join(t.TempDir(), "identity")
	for name, c := range map[string]struct {
		env  map[string]string
		want string // an error
	}{
		"web identity": {map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": identity, "AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_ENDPOINT_URL_STS": source.URL}, ""},
		"web identity without its file": {map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": identity + "x", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_ENDPOINT_URL_STS": source.URL},
			"no credentials: their source isn't usable: unable to read file at " + identity + "x: open " + identity + "x: no such file or directory"},
		"web identity, nobody there": {map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": identity, "AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"},
			"no credentials: their source isn't usable: the connection is refused: does the server run, and on this port?"},
		"container":        {map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": source.URL + "/keys"}, ""},
		"container denied": {map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": source.URL + "/denied"}, "no credentials: their source refuses (AccessDenied): not you"},
		"no container":     {map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": source.URL + "/page"}, "no credentials: their source refuses"},
		"instance":         {map[string]string{"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": source.URL}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s3test.Environment(t, "", "")
			writeFile(t, identity, "token")
			for key, value := range c.env {
				t.Setenv(key, value)
			}
			o := s.open(t, "doc.json")
			if c.want != "" {
				_, err := o.Read(t.Context(), false)
				checkError(t, err, "read settings: "+o.String()+": "+c.want)
				return
			}
			s.proxy.Asked()
			s.reads(t, o, false, "{}", "doc.json", "GET /BUCKET/doc.json")
		})
	}
}

// TestS3Leaves ends a source: no goroutine and no connection stays.
func TestS3Leaves(t *testing.T) {
	s := newStore(t)
	s.Put(t, s.bucket, "u/settings-1.json", "{}")
	before := runtime.NumGoroutine()
	for range 20 {
		o := s.open(t, "u/")
		for _, thorough := range []bool{false, true, false} {
			if _, err := o.Read(t.Context(), thorough); err != nil {
				t.Fatal(err)
			}
		}
		o.Close()
		o = s.open(t, "v/")
		if _, err := o.Read(t.Context(), false); err == nil {
			t.Fatal("no error of an empty folder")
		}
	}
	settles(t, before+4)
}
