package configwatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/credential"
	"github.com/kafkaboost/boostd/priority"
)

// page is a document at an address. A Read is one conditional GET of exactly that
// address, over a connection of its own: one that stays would be closed by most
// servers before the next Read.
type page struct {
	address   *url.URL
	tokenFile string // "" for none
	caFile    string // "" for the system's certificates
	timeout   time.Duration

	version Version   // of the last Read that went well
	since   validator // that came with it
}

// validator is what a server knows a version by.
type validator struct{ etag, modified string }

var _ Source = (*page)(nil)

func openHTTPS(c Config, dir string) (Source, error) {
	address, err := url.Parse(c.Source)
	if err != nil {
		return nil, errors.New("source: want an address such as https://host/path")
	}
	return &page{address: address, timeout: readTimeout,
		tokenFile: beside(dir, c.HTTPS.TokenFile), caFile: beside(dir, c.HTTPS.CAFile)}, nil
}

// beside is a path as boostd.yaml in dir means it.
func beside(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// Read implements Source.
func (p *page) Read(ctx context.Context, thorough bool) (Version, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	v, err := p.read(ctx, thorough)
	if err != nil {
		return Version{}, fmt.Errorf("read settings: %s: %w", p, err)
	}
	return v, nil
}

func (p *page) read(ctx context.Context, thorough bool) (Version, error) {
	req, asked, err := p.request(ctx, thorough)
	if err != nil {
		return Version{}, err
	}
	client, err := newBrowser(p.address, p.caFile)
	if err != nil {
		return Version{}, err
	}
	got, err := client.Do(req)
	if err != nil {
		return Version{}, p.explain(ctx, err)
	}
	defer got.Body.Close()
	switch {
	case got.StatusCode == http.StatusNotModified && asked:
		return p.version, nil
	case got.StatusCode != http.StatusOK:
		return Version{}, p.refused(got)
	}
	if err := checkType(got.Header.Get("Content-Type")); err != nil {
		return Version{}, err
	}
	data, err := io.ReadAll(io.LimitReader(got.Body, priority.MaxDocument+1))
	switch {
	case err != nil:
		return Version{}, p.explain(ctx, err)
	case len(data) > priority.MaxDocument:
		return Version{}, fmt.Errorf("the answer is larger than %d bytes, which no settings document may be", priority.MaxDocument)
	}
	p.since = validator{etag: got.Header.Get("ETag"), modified: got.Header.Get("Last-Modified")}
	p.version = Version{Data: unwrapped(data), Name: short(p.since.name()), Place: p.place()}
	return p.version, nil
}

// request is the GET, and whether it asks for another version than the one that
// we have. A thorough one asks for the document, and wants it from the server
// itself rather than from a cache before it.
func (p *page) request(ctx context.Context, thorough bool) (req *http.Request, conditional bool, err error) {
	req, err = http.NewRequestWithContext(ctx, http.MethodGet, p.address.String(), nil)
	if err != nil {
		return nil, false, errors.New("the address can't be asked for: look at settings.source")
	}
	req.Header.Set("Accept", "application/json, */*;q=0.5")
	req.Header.Set("User-Agent", "boostd")
	if p.tokenFile != "" {
		token, err := credential.Token("settings.https.token_file", p.tokenFile)
		if err != nil {
			return nil, false, err
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if thorough {
		req.Header.Set("Cache-Control", "no-cache")
		return req, false, nil
	}
	if p.since.etag != "" {
		req.Header.Set("If-None-Match", p.since.etag)
	}
	if p.since.modified != "" {
		req.Header.Set("If-Modified-Since", p.since.modified)
	}
	return req, p.since != validator{}, nil
}

// name is the version's for people: an ETag without what marks it as one.
func (v validator) name() string {
	if v.etag == "" {
		return v.modified
	}
	return strings.Trim(strings.TrimPrefix(v.etag, "W/"), `"`)
}

// checkType refuses what a document can't be. Servers that don't know JSON call
// it text, or bytes, or nothing at all.
func checkType(header string) error {
	if header == "" {
		return nil
	}
	kind, _, err := mime.ParseMediaType(header)
	switch {
	case err != nil && kind == "":
		return fmt.Errorf("the answer has the content type %q, want application/json: look at the address", short(header))
	case kind == "text/html" || kind == "application/xhtml+xml":
		return errors.New("the answer is a web page (text/html), perhaps one to log in: look at the address, and at settings.https.token_file")
	case kind == "application/json", kind == "text/json", kind == "text/plain", kind == "application/octet-stream", kind == "binary/octet-stream", strings.HasSuffix(kind, "+json"):
		return nil
	}
	return fmt.Errorf("the answer has the content type %q, want application/json: look at the address", short(kind))
}

// Changed implements Source: a server doesn't tell.
func (p *page) Changed() <-chan struct{} { return nil }

func (p *page) String() string { return p.place() }

// place leaves out what may be secret in an address.
func (p *page) place() string {
	shown := url.URL{Scheme: p.address.Scheme, Host: p.address.Host, Path: p.address.Path, RawPath: p.address.RawPath}
	return shown.String()
}

// Close implements Source: nothing stays between two Reads.
func (p *page) Close() error { return nil }
