package plugins

// messagePrefix begins the names of variables that tell a program of its message.
const messagePrefix = "BOOSTD_"
