//go:build acceptance

package killed

const (
	fileKills, objectKills = 1000, 100

	applications, realApplications = 900, 100
)
