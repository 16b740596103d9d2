package conf

import "go.yaml.in/yaml/v4"

// shortLevels lets `kafka.levels: 8-10`, or a list, stand for kafka.only_levels:
// where no level has properties of its own, both can't be confused. One value in
// the place of the list is a list of it. Overrides come after this, and replace
// either.
func shortLevels(root *yaml.Node) {
	kafka := child(root, "kafka")
	if kafka == nil || kafka.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(kafka.Content); i += 2 {
		key, value := kafka.Content[i], kafka.Content[i+1]
		scalar := value.Kind == yaml.ScalarNode && value.Tag != "!!null"
		if key.Value == "levels" && (scalar || value.Kind == yaml.SequenceNode) {
			key.Value = "only_levels"
		}
		if key.Value == "only_levels" && scalar {
			kafka.Content[i+1] = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: value.Line, Column: value.Column, Content: []*yaml.Node{value}}
		}
	}
}
