package configwatch

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"github.com/hashicorp/go-hclog"
)

const (
	defaultRegion = "us-east-1"
	// The SDK has no limits of time by itself. All of them together are bounded by
	// readTimeout.
	dialTimeout   = 3 * time.Second
	tlsTimeout    = 5 * time.Second
	headerTimeout = 5 * time.Second
	maxAttempts   = 3
	maxBackoff    = time.Second
	// maxAnswer is more than any LIST of 1,000 keys has.
	maxAnswer = 8 << 20
	// An instance's metadata service is near or isn't there. With a token that is
	// asked for first, and two attempts, nobody there shows after 2 s.
	metadataDial, metadataAnswer, metadataBackoff = 250 * time.Millisecond, 400 * time.Millisecond, 100 * time.Millisecond
	metadataAttempts                              = 2
)

// s3Client is a connection with its credentials.
type s3Client struct {
	*s3.Client
	http   *http.Client
	region string
}

// dialS3 loads the SDK's configuration and finds credentials, which may ask a
// server of theirs; S3 isn't asked.
func dialS3(ctx context.Context, c S3Config, logger hclog.Logger) (*s3Client, error) {
	metadata := &metadata{}
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithHTTPClient(buildable()),
		config.WithRetryer(func() aws.Retryer { return retryer(maxAttempts, maxBackoff) }),
		config.WithRegion(c.Region),
		config.WithDefaultRegion(defaultRegion),
		config.WithSharedConfigProfile(c.Profile),
		config.WithLogger(sdkLogger(logger)),
		config.WithEC2RoleCredentialOptions(func(o *ec2rolecreds.Options) { o.Client = metadata }),
		config.WithEndpointCredentialOptions(func(o *endpointcreds.Options) { o.HTTPClient = buildable() }),
		config.WithProcessCredentialOptions(func(o *processcreds.Options) { o.Timeout = readTimeout }))
	if err != nil {
		return nil, explainConfig(err)
	}
	metadata.client = imds.NewFromConfig(cfg, quickly)
	if cfg.Credentials == nil {
		return nil, noCredentials()
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, explainCredentials(ctx, err, cfg.Credentials)
	}
	client := &http.Client{
		Transport: &bounded{transport(cfg)},
		// A signature is for one host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &s3Client{http: client, region: cfg.Region, Client: s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.HTTPClient = client
		o.UsePathStyle = c.PathStyle
		if c.Endpoint != "" {
			o.BaseEndpoint = &c.Endpoint
		}
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})}, nil
}

// buildable is a kind of client that the SDK can add the certificates of
// AWS_CA_BUNDLE to: with another LoadDefaultConfig fails. Those that find
// credentials are used once an hour, so their connections don't stay; and the SDK
// doesn't end what they have begun when a Read's time is over.
func buildable() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithTimeout(readTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.TLSHandshakeTimeout = tlsTimeout
			t.ResponseHeaderTimeout = headerTimeout
			t.DisableKeepAlives = true
		})
}

// transport is S3's own: its connections stay, until we close them.
func transport(cfg aws.Config) *http.Transport {
	client, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
	if !ok {
		client = buildable()
	}
	t := client.GetTransport()
	t.DisableKeepAlives = false
	t.MaxResponseHeaderBytes = maxHeader
	return t
}

func retryer(attempts int, backoff time.Duration) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = attempts, backoff
		o.RateLimiter = ratelimit.None // the looks are far apart
	})
}

// metadata asks the instance's metadata service. The client is made from the
// configuration, which is loaded with it.
type metadata struct{ client *imds.Client }

// GetMetadata implements ec2rolecreds.GetMetadataAPIClient.
func (m *metadata) GetMetadata(ctx context.Context, in *imds.GetMetadataInput, options ...func(*imds.Options)) (*imds.GetMetadataOutput, error) {
	return m.client.GetMetadata(ctx, in, options...)
}

func quickly(o *imds.Options) {
	o.HTTPClient = &http.Client{Timeout: time.Second, Transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: metadataDial}).DialContext,
		ResponseHeaderTimeout: metadataAnswer,
		DisableKeepAlives:     true,
	}}
	o.Retryer, o.DisableDefaultMaxBackoff = retryer(metadataAttempts, metadataBackoff), true
}

// bounded bounds how much one answer may have.
type bounded struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.Transport.RoundTrip(r)
	if err == nil {
		answer.Body = &boundedBody{ReadCloser: answer.Body, rest: maxAnswer}
	}
	return answer, err
}

type boundedBody struct {
	io.ReadCloser
	rest int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.rest <= 0 {
		return 0, errTooMuch
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.rest)])
	b.rest -= n
	return n, err
}

var errTooMuch = fmt.Errorf("the answer is larger than %d bytes, which no answer of S3 is", maxAnswer)

// sdkLogger hands on what the SDK says beside its errors; it would print it.
func sdkLogger(logger hclog.Logger) logging.Logger {
	return logging.LoggerFunc(func(_ logging.Classification, format string, args ...any) {
		logger.Debug("the AWS SDK says something", "text", short(fmt.Sprintf(format, args...)))
	})
}
