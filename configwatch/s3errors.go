package configwatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/smithy-go"
)

// The SDK's own texts carry ids of requests, addresses and whole answers; so what
// goes wrong is said in our words. Nothing of a request is in them.

// answer is what a server has refused with; its status is 0 where none answered.
func answer(err error) (code string, status int) {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		code = api.ErrorCode()
	}
	if response := (*awshttp.ResponseError)(nil); errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	return code, status
}

// explain says why S3 didn't do what needs a permission; key is empty for a LIST.
func (o *object) explain(ctx context.Context, err error, permission, key string) error {
	code, status := answer(err)
	if region := o.elsewhere(err, code, status); region != "" {
		return fmt.Errorf("the bucket %s is in the region %.40q, it was asked for in %q: set settings.s3.region", o.bucket, region, o.client.region)
	}
	switch code {
	case "InvalidAccessKeyId", "XAdminUserNotFound":
		return errors.New("the server doesn't know the access key: look whether it is still valid and belongs to this server")
	case "SignatureDoesNotMatch":
		return errors.New("the secret key doesn't belong to the access key: look at the credentials")
	case "ExpiredToken", "TokenRefreshRequired", "InvalidToken":
		return fmt.Errorf("the session of the credentials has ended or isn't valid (%s): get new credentials", code)
	case "RequestTimeTooSkewed", "RequestExpired":
		return fmt.Errorf("the clocks of this machine and of the server are too far apart%s: set this one, such as by NTP", serverTime(err, o.now()))
	case "NoSuchBucket":
		return fmt.Errorf("there is no bucket %s%s: look for a slip in the source", o.bucket, o.at())
	}
	said := fmt.Sprintf("%d %s", status, cmp.Or(short(code), http.StatusText(status)))
	switch {
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		return o.denied(err, permission, key)
	case status == http.StatusNotModified:
		return fmt.Errorf("%s, and the object was never asked for conditionally: something on the way answers wrongly", said)
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		return fmt.Errorf("the server sends us elsewhere (%s): set settings.s3.region to the bucket's, or settings.s3.endpoint", said)
	case status >= http.StatusInternalServerError:
		return fmt.Errorf("the server has trouble of its own (%s): nothing to do here, unless it stays", said)
	case status >= http.StatusBadRequest:
		return fmt.Errorf("the server refuses (%s)%s", said, message(err))
	case status != 0 && ctx.Err() == nil && !isCut(err) && !errors.Is(err, errTooMuch):
		return o.stranger()
	}
	text := unreachable(ctx, err, o.timeout)
	if isUntrusted(err) {
		text += ": name the signer's certificate in AWS_CA_BUNDLE"
	}
	if o.config.Endpoint != "" && !o.config.PathStyle && isUnknownHost(err) {
		text += "; where the server wants buckets in the path, set settings.s3.path_style: true"
	}
	return wrap(ctx, text)
}

// denied names the permission; AWS's own text names the user too.
func (o *object) denied(err error, permission, key string) error {
	on, also := o.bucket, ""
	if key != "" {
		on += "/" + key
		also = " (without s3:ListBucket S3 says the same of an object that isn't there)"
	}
	return fmt.Errorf("access denied: the credentials need %s on %s%s%s", permission, on, also, message(err))
}

var expecting = regexp.MustCompile(`expecting ['"]([a-z0-9-]{1,40})['"]`)

// elsewhere is the region that the server says the bucket is in, empty where it
// says none.
func (o *object) elsewhere(err error, code string, status int) string {
	api, response := smithy.APIError(nil), (*awshttp.ResponseError)(nil)
	if !errors.As(err, &response) || status < http.StatusMultipleChoices || status > http.StatusBadRequest {
		return ""
	}
	if region := response.Response.Header.Get("X-Amz-Bucket-Region"); region != "" && region != o.client.region {
		return short(region)
	}
	if code == "AuthorizationHeaderMalformed" && errors.As(err, &api) {
		if found := expecting.FindStringSubmatch(api.ErrorMessage()); found != nil {
			return found[1]
		}
	}
	return ""
}

func (o *object) stranger() error {
	return fmt.Errorf("what answers%s doesn't speak S3: look at settings.s3.endpoint", o.at())
}

func (o *object) at() string {
	if o.config.Endpoint == "" {
		return ""
	}
	return " at " + o.config.Endpoint
}

func serverTime(err error, now time.Time) string {
	response := (*awshttp.ResponseError)(nil)
	if !errors.As(err, &response) {
		return ""
	}
	there, err := http.ParseTime(response.Response.Header.Get("Date"))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(", %s here and %s there", now.UTC().Format(time.RFC3339), there.UTC().Format(time.RFC3339))
}

// secretive knows texts that could show a part of our request.
var secretive = regexp.MustCompile(`(?i)signature|credential=|AWS4|authorization`)

// message is the server's own text, where it says more than its code.
func message(err error) string {
	api := smithy.APIError(nil)
	if !errors.As(err, &api) || api.ErrorMessage() == "" || secretive.MatchString(api.ErrorMessage()) {
		return ""
	}
	return ": " + short(api.ErrorMessage())
}

func explainConfig(err error) error {
	var profile config.SharedConfigProfileNotExistError
	var file config.SharedConfigLoadError
	switch {
	case errors.As(err, &profile):
		return fmt.Errorf("there is no profile %q in the files of the AWS SDK, such as ~/.aws/config: add it, or look at settings.s3.profile and AWS_PROFILE", short(profile.Profile))
	case errors.As(err, &file):
		return fmt.Errorf("the AWS SDK can't read %s: look at its permissions and its form", short(file.Filename)) // no more of its text: there are keys in it
	}
	return fmt.Errorf("the configuration of the AWS SDK isn't usable: %s", short(innermost(err)))
}

func noCredentials() error {
	return errors.New("no credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or have a profile in ~/.aws/credentials of the user that boostd runs as (settings.s3.profile names it), or give this machine a role")
}

// explainCredentials says why a source of credentials has none.
func explainCredentials(ctx context.Context, err error, provider aws.CredentialsProvider) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	var process *processcreds.ProviderError
	var api smithy.APIError
	switch {
	case errors.As(err, &process):
		// What the program printed, keys perhaps, stands in the error's text.
		return errors.New("credential_process of the profile gave no credentials: run it by hand as the user that boostd runs as")
	case onlyInstance(provider):
		return noCredentials()
	case errors.As(err, &api) && api.ErrorCode() == "":
		return errors.New("no credentials: their source refuses") // the text is its whole answer
	case errors.As(err, &api):
		return fmt.Errorf("no credentials: their source refuses (%s)%s", short(api.ErrorCode()), message(err))
	}
	return fmt.Errorf("no credentials: their source isn't usable: %s", cause(ctx, err))
}

// cause is why a file or a server has no credentials.
func cause(ctx context.Context, err error) string {
	var file *fs.PathError
	var network net.Error
	switch {
	case errors.As(err, &file):
		return short(file.Error())
	case errors.As(err, &network), errors.Is(ctx.Err(), context.DeadlineExceeded), isCut(err):
		return unreachable(ctx, err, readTimeout)
	}
	return short(innermost(err))
}

// onlyInstance tells that nothing was configured: the SDK asks the instance last.
func onlyInstance(provider aws.CredentialsProvider) bool {
	of, ok := provider.(aws.CredentialProviderSource)
	if !ok {
		return false
	}
	sources := of.ProviderSources()
	return len(sources) == 1 && sources[0] == aws.CredentialSourceIMDS
}
