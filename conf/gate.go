package conf

import (
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v4"
)

// Gate is the section `gate:`, what lower levels wait for beside their turn. One
// word in its place stands for pausing.
type Gate struct {
	// Pausing: on (default) pauses lower levels while higher ones have work; off
	// lets them fetch. Priority is the same either way.
	Pausing OnOff `yaml:"pausing" schema:"on|off"`
	// Scope is whose higher work goes first: instance (default) is what this instance
	// has; with group lower levels also wait for what all instances together have to
	// do of higher ones, and slots may idle meanwhile; not with max_wait or min_share.
	Scope string `yaml:"scope" schema:"instance|group"`
}

// Scopes of the gate.
const (
	InstanceScope = "instance"
	GroupScope    = "group"
)

// SetDefaults fills what is absent.
func (g *Gate) SetDefaults() {
	if g.Pausing == "" {
		g.Pausing = "on"
	}
	if g.Scope == "" {
		g.Scope = InstanceScope
	}
}

// Validate finds a scope that there isn't.
func (g Gate) Validate() []error {
	if g.Scope != InstanceScope && g.Scope != GroupScope {
		return []error{fmt.Errorf("scope: %q: want instance or group", g.Scope)}
	}
	return nil
}

// OnOff is on or off.
type OnOff string

// UnmarshalText takes the two words and nothing else.
func (o *OnOff) UnmarshalText(text []byte) error {
	if s := string(text); s != "on" && s != "off" {
		return fmt.Errorf("%q: want on or off", s)
	}
	*o = OnOff(text)
	return nil
}

const (
	gateKey    = "gate"
	pausingKey = "pausing"
)

// shortGate reports whether a node is one word for the whole gate.
func shortGate(n *yaml.Node, t reflect.Type) bool {
	return t == reflect.TypeFor[Gate]() && n.Kind != yaml.MappingNode
}

// lengthenGate makes a section of one word, so that an override finds room for
// another key beside it.
func (d *decoder) lengthenGate(n *yaml.Node) {
	word := *n
	if by, ok := d.origins[n]; ok {
		d.origins[&word] = by
	}
	key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: pausingKey}
	*n = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column, Content: []*yaml.Node{key, &word}}
}
