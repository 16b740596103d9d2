package priority

import (
	"fmt"
	"regexp"
	"slices"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/kafkaboost/boostd"
)

// Tenant says whose a topic's messages are. Within a level tenants take turns, so
// that the backlog of one costs another no more than its turn. The zero value
// knows no tenants.
type Tenant struct {
	// Header is the name of the header whose value is the tenant.
	Header string `yaml:"header"`
	// Field is the field of a JSON object that has it, or a dotted path to one
	// further below; a text, a number or a boolean.
	Field string `yaml:"field"`
}

// maxTenantPath bounds Header and Field, in bytes.
const maxTenantPath = 255

// plainPath keeps out what gjson would take for a query.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// Validate returns what is wrong with it.
func (t Tenant) Validate() []error {
	switch {
	case t.Header != "" && t.Field != "":
		return []error{fmt.Errorf("field: there is a header, too: leave one of the two out")}
	case len(t.Header) > maxTenantPath:
		return []error{fmt.Errorf("header: is %d bytes long, want at most %d", len(t.Header), maxTenantPath)}
	case len(t.Field) > maxTenantPath:
		return []error{fmt.Errorf("field: is %d bytes long, want at most %d", len(t.Field), maxTenantPath)}
	case t.Field != "" && !plainPath.MatchString(t.Field):
		return []error{fmt.Errorf("field: %.40q: want the name of a field, or names with dots between them, of letters, digits, '_' and '-'", t.Field)}
	}
	return nil
}

// Of is a hash of the message's tenant, never 0; or 0 where it has none: those
// messages take turns by partition. Two tenants with one hash share their turn.
func (t Tenant) Of(m *boostd.Message) uint64 {
	switch {
	case t.Header != "":
		for _, h := range slices.Backward(m.Headers) { // the last one counts, as everywhere
			if h.Key == t.Header {
				return tenantHash(h.Value)
			}
		}
	case t.Field != "":
		return t.inValue(m.Value)
	}
	return 0
}

func (t Tenant) inValue(value []byte) uint64 {
	if !mayBeObject(value) || tooDeep(value) || !gjson.ValidBytes(value) {
		return 0
	}
	// The string ends with this call, and nobody changes a message meanwhile.
	v := gjson.Get(unsafe.String(unsafe.SliceData(value), len(value)), t.Field)
	switch v.Type {
	case gjson.String:
		return tenantHash([]byte(v.Str))
	case gjson.Number, gjson.True, gjson.False:
		return tenantHash([]byte(v.Raw))
	}
	return 0
}

// tenantHash is FNV-1a, 64 bit.
func tenantHash(text []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range text {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return max(h, 1)
}
