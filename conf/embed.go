package conf

import _ "embed"

// Example is a file with every key explained, what is optional commented out.
//
//go:embed example.yaml
var Example []byte

// Schema is the JSON Schema of boostd.yaml, draft 2020-12. Its source are the
// structs and their comments: go test ./conf -run TestSchemaIsFresh -update
// writes it.
//
//go:embed boostd.schema.json
var Schema []byte
