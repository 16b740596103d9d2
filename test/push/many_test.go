//go:build acceptance

package push

const fileKills, objectKills = 1000, 100
