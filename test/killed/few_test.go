//go:build !acceptance

package killed

const (
	fileKills, objectKills = 100, 12
	applications           = 12
)
