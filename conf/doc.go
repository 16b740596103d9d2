// Package conf reads boostd.yaml: one struct made of each room's own section,
// read strictly, with every error at its line and column.
//
// It owns the file's form and the checks that concern more than one section.
// A section is a plain struct beside the code that uses it, with `yaml` tags
// and, where it wants them, the methods
//
//	SetDefaults()        // fills what is absent, before validation
//	Validate() []error   // a text begins "key.path: ", relative to the section,
//	                     // or concerns the section as a whole
//	Warnings() []error   // likewise, of what is no error
//
// so that conf can show an error at the key that it is about. File's own
// defaults are set before it is read, because there a zero means something. A
// tag `schema` says what the JSON Schema is to allow: required, a|b|c, or 1..16.
package conf
