//go:build acceptance

package killed

const (
	fileKills, objectKills = 1000, 100
	applications           = 1000
)
