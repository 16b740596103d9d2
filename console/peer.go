package console

import (
	"context"
	"net"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"
)

type peerKey struct{}

// withPeer remembers who has connected to the Unix socket.
func withPeer(ctx context.Context, conn net.Conn) context.Context {
	if c, ok := conn.(*counted); ok {
		conn = c.Conn
	}
	if u, ok := conn.(*net.UnixConn); ok {
		if cred := credentials(u); cred != nil {
			return context.WithValue(ctx, peerKey{}, cred)
		}
	}
	return ctx
}

// credentials are what the kernel says of the other end; nil when it doesn't.
func credentials(conn *net.UnixConn) (cred *unix.Ucred) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil
	}
	_ = raw.Control(func(fd uintptr) {
		cred, _ = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	return cred
}

// caller names who asks: the user that the kernel knows, and what the request
// calls them where that is something else.
func caller(ctx context.Context, said string) string {
	cred, _ := ctx.Value(peerKey{}).(*unix.Ucred)
	if cred == nil {
		return said
	}
	uid := strconv.FormatUint(uint64(cred.Uid), 10)
	name := "user " + uid
	if u, err := user.LookupId(uid); err == nil {
		name = u.Username
	}
	if said != "" && said != name {
		return name + " (" + said + ")"
	}
	return name
}
