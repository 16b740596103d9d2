package conf

import "fmt"

// Decode reads another document of boostd's, such as the load of a simulation,
// as strictly as boostd.yaml: into a struct that has a tag `yaml` on each of its
// fields, and holds what counts where a key is absent. The sections' defaults and
// checks are applied; references and overrides are boostd.yaml's alone. name is
// what problems call the document, which has at most MaxFile bytes. The error is
// Problems.
func Decode(name string, data []byte, into any) error {
	if len(data) > MaxFile {
		return Problems{{File: name, Text: fmt.Sprintf("is larger than %d bytes", MaxFile)}}
	}
	document, problem := tree(name, data)
	if problem != nil {
		return Problems{*problem}
	}
	d := newDecoder(name, nil)
	d.other = true
	d.decode(document.Content[0], into)
	d.finish(into)
	d.close()
	if len(d.problems) > 0 {
		return d.problems
	}
	return nil
}
