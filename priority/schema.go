package priority

import _ "embed"

// Schema is the JSON Schema of the settings document, draft 2020-12. It refuses
// less than Parse does: a schema can't compare one value with another.
//
//go:embed settings.schema.json
var Schema []byte
