//go:build !acceptance

package killed

const (
	fileKills, objectKills = 100, 12

	applications, realApplications = 24, 0
)
