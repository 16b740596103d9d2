package conf

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kafkaboost/boostd/kafkaio"
)

// maxExpanded bounds what all references of a file may stand for together, in
// bytes: a short file must not fill the memory.
const maxExpanded = 4 * MaxFile

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand is a scalar's text with ${NAME}, ${file:PATH} and ${credential:NAME}
// replaced; $${ stands for ${ itself.
func (d *decoder) expand(n *yaml.Node, path string) (string, bool) {
	var out strings.Builder
	ok, secret := true, secretPath(path)
	for rest := n.Value; ; {
		before, after, found := strings.Cut(rest, "${")
		out.WriteString(before)
		if !found {
			break
		}
		if strings.HasSuffix(before, "$") {
			out.WriteString("{")
			rest = after
			continue
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			d.wrong(n, path, "${ has no }; where the two characters are meant, write $${")
			return "", false
		}
		text, hidden, err := d.reference(n, path, name)
		if err != nil {
			d.wrong(n, path, "%v", err)
			ok = false
		}
		if d.expanded += len(text); d.expanded > maxExpanded {
			d.wrong(n, path, "the references in this file stand for more than %d bytes", maxExpanded)
			return "", false
		}
		secret = secret || hidden
		out.WriteString(text)
		rest = tail
	}
	if secret {
		d.hide(n, path, out.String())
		if argument.MatchString(path) {
			d.wrong(n, path, "is a secret, and lists of processes show the arguments of a program: give it in settings or in process.env")
			ok = false
		}
	}
	return out.String(), ok
}

// reference is what the text between ${ and } stands for, and whether nobody
// may see it.
func (d *decoder) reference(n *yaml.Node, path, ref string) (text string, hidden bool, err error) {
	kind, name, _ := strings.Cut(ref, ":")
	switch {
	case variable.MatchString(ref):
		d.asked[ref] = true
		text, ok := d.env[ref]
		if !ok {
			return "", false, fmt.Errorf("environment variable %s is not set", ref)
		}
		return text, secretWord.MatchString(ref), nil
	case kind == "file" && name != "":
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(d.file), name)
		}
		text, err = d.secretFile(n, path, name, true)
	case kind == "credential":
		var file string
		if file, err = d.env.credential(name); err == nil {
			text, err = d.secretFile(n, path, file, false)
		}
	default:
		err = fmt.Errorf("${%s} refers to nothing: want ${NAME}, ${file:PATH} or ${credential:NAME}; where the characters are meant, write $${", printable(ref))
	}
	if text != "" {
		d.hide(n, path, text)
	}
	return text, true, err
}

// secretFile reads a file once, however often it is referred to, and warns once
// when others may read it.
func (d *decoder) secretFile(n *yaml.Node, path, file string, guard bool) (string, error) {
	if text, ok := d.files[file]; ok {
		return text, nil
	}
	text, open, err := readSecret(file)
	if err != nil {
		return "", err
	}
	if guard && open {
		d.warn(n, path, "file %s may be read by others than its owner: chmod 600 it", file)
	}
	d.files[file] = text
	return text, nil
}

// secretWord are names of variables whose value nobody should see.
var secretWord = regexp.MustCompile(`(?i)passw|secret|token|credential|passphrase|_key$|_pem$`)

// secretPath reports whether a key's value is secret wherever it comes from.
func secretPath(path string) bool {
	if m := givenToPlugin.FindStringSubmatch(path); m != nil {
		return secretWord.MatchString(m[1])
	}
	_, name, ok := strings.Cut(path, "properties.")
	return ok && kafkaio.SecretProperty(name)
}

// givenToPlugin are keys of the user's own whose values no listing shows, whatever
// they are called: see boostd.Secret. argument is what lists of processes show.
var (
	givenToPlugin = regexp.MustCompile(`^handlers\..+\.(?:settings|process\.env)\.(.+)$`)
	argument      = regexp.MustCompile(`^handlers\..+\.args\[\d+\]$`)
)

func printable(text string) string {
	quoted := fmt.Sprintf("%.40q", text)
	return quoted[1 : len(quoted)-1]
}

// hide notes that a node's value is secret, and what may be shown nowhere.
func (d *decoder) hide(n *yaml.Node, path, text string) {
	d.secret[n] = true
	for at := path; at != ""; at = at[:max(0, strings.LastIndexAny(at, ".["))] {
		d.guarded[at] = true
	}
	if text == "" {
		return
	}
	quoted := strconv.Quote(text)
	d.hidden = append(d.hidden, text, quoted[1:len(quoted)-1], printable(text))
}

// shortSecret is the shortest one that is looked for anywhere. A shorter one
// would garble words that have it in them, and show by that what it is.
const shortSecret = 4

// redact takes what is secret out of a text; own says that it is about a secret
// value, or a section with one.
func (d *decoder) redact(text string, own bool) string {
	for _, secret := range d.hidden {
		if len(secret) >= shortSecret {
			text = strings.ReplaceAll(text, secret, mask)
		} else if own {
			whole := regexp.MustCompile(`(^|[^\pL\pN])` + regexp.QuoteMeta(secret) + `($|[^\pL\pN])`)
			text = whole.ReplaceAllString(text, "${1}"+mask+"${2}")
		}
	}
	return text
}

// mask is what stands where a secret was.
const mask = "******"
