package priority

import (
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
)

func TestTenant(t *testing.T) {
	header := func(values ...string) *boostd.Message {
		m := &boostd.Message{Headers: []boostd.Header{{Key: "other", Value: []byte("x")}}}
		for _, v := range values {
			m.Headers = append(m.Headers, boostd.Header{Key: "customer", Value: []byte(v)})
		}
		return m
	}
	value := func(text string) *boostd.Message { return &boostd.Message{Value: []byte(text)} }
	byHeader, byField := Tenant{Header: "customer"}, Tenant{Field: "customer.id"}
	for _, c := range []struct {
		name   string
		tenant Tenant
		m      *boostd.Message
		want   string // empty: none
	}{
		{"no tenants", Tenant{}, header("a"), ""},
		{"header", byHeader, header("a"), "a"},
		{"the last header", byHeader, header("b", "a"), "a"},
		{"no header", byHeader, header(), ""},
		{"field", byField, value(`{"customer": {"id": "a"}}`), "a"},
		{"number", byField, value(`{"customer": {"id": 17}}`), "17"},
		{"boolean", byField, value(`{"customer": {"id": true}}`), "true"},
		{"null", byField, value(`{"customer": {"id": null}}`), ""},
		{"object", byField, value(`{"customer": {"id": {}}}`), ""},
		{"no field", byField, value(`{"customer": {}}`), ""},
		{"no object", byField, value(`["customer"]`), ""},
		{"no JSON", byField, value(`{"customer": {"id": "a"`), ""},
		{"nothing", byField, value(``), ""},
		{"too deep", byField, value(strings.Repeat(`{"a":`, 20_000)), ""},
	} {
		want := uint64(0)
		if c.want != "" {
			want = tenantHash([]byte(c.want))
		}
		if got := c.tenant.Of(c.m); got != want {
			t.Errorf("%s: %d, want the hash of %q, %d", c.name, got, c.want, want)
		}
	}
	if tenantHash([]byte("a")) == tenantHash([]byte("b")) {
		t.Error("two tenants have the same hash")
	}
}

func TestTenantIsValidated(t *testing.T) {
	long := strings.Repeat("x", 256)
	for want, tenant := range map[string]Tenant{
		"":                {Header: "h"},
		"field: there is": {Header: "h", Field: "f"},
		"header: is 256":  {Header: long},
		"field: is 256":   {Field: long},
		`"a.#": want`:     {Field: "a.#"},
		`"a..b": want`:    {Field: "a..b"},
		`"@this|x": want`: {Field: "@this|x"},
	} {
		errs := tenant.Validate()
		if (want == "") != (len(errs) == 0) || len(errs) > 0 && !strings.Contains(errs[0].Error(), want) {
			t.Errorf("%+v: %v, want %q", tenant, errs, want)
		}
	}
}

func FuzzTenant(f *testing.F) {
	f.Add("customer.id", []byte(`{"customer": {"id": "a"}}`))
	f.Add("x.0", []byte(`{"x": [1, 2]}`))
	f.Fuzz(func(_ *testing.T, path string, value []byte) {
		if tenant := (Tenant{Field: path}); len(tenant.Validate()) == 0 {
			tenant.Of(&boostd.Message{Value: value})
		}
	})
}
