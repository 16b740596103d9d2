package kafkaio

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

const (
	// maxInstance is the longest kafka.instance, in characters; maxMember is
	// Kafka's own limit for the name of one static member.
	maxInstance = 200
	maxMember   = 249
)

var instanceForm = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// ErrInstanceTaken says that another process has joined a group under the name
// of this one: Kafka lets only the one that came last go on.
var ErrInstanceTaken = errors.New("another boostd runs with the same kafka.instance and has taken its place: give each one an instance of its own")

// checkInstance says what is wrong with kafka.instance; empty is none.
func checkInstance(instance string) error {
	switch {
	case instance == "":
		return nil
	case len(instance) > maxInstance:
		return fmt.Errorf("has %d characters: want at most %d", len(instance), maxInstance)
	case !instanceForm.MatchString(instance):
		return fmt.Errorf("%q: want letters, digits, dots, - and _", instance)
	}
	return nil
}

// Member is the name under which one of this daemon's consumers is a static
// member of its group (group.instance.id); empty where there is no
// kafka.instance. consumer is base or the level's number, with / and the handler
// where there are several.
func (c Config) Member(consumer string) string {
	if c.Instance == "" {
		return ""
	}
	return c.Instance + "-" + strings.ReplaceAll(consumer, "/", "-")
}

// CheckMember says why a consumer's name can't be a static member's.
func (c Config) CheckMember(consumer string) error {
	if name := c.Member(consumer); len(name) > maxMember {
		return fmt.Errorf("%.20s…: with level and handler it has %d characters, Kafka allows %d: shorten it, or the handler's name", name, len(name), maxMember)
	}
	return nil
}
