package conf

import "regexp"

// later are keys whose effect doesn't exist yet, and what to do instead: they
// are refused by name, because an ignored key would promise what isn't there.
// Whoever builds one takes its line out.
var later = []struct {
	path    *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`^handlers\..*\.forward\.transactions$`), "each message is written at least once, and the header boostd_origin tells a repeat"},
}

func laterKey(path string) (instead string, ok bool) {
	for _, l := range later {
		if l.path.MatchString(path) {
			return l.instead, true
		}
	}
	return "", false
}
