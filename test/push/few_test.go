//go:build !acceptance

package push

const fileKills, objectKills = 100, 12
