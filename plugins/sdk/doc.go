// Package sdk makes a Go program a plugin of boostd: a process that handles
// messages. A whole one is
//
//	package main
//
//	import (
//		"context"
//
//		"github.com/kafkaboost/boostd/plugins/sdk"
//	)
//
//	func main() {
//		sdk.Serve(sdk.HandlerFunc(func(ctx context.Context, m *sdk.Message) error {
//			return store(ctx, m.Key, m.Value)
//		}))
//	}
//
// nil means that the message is done. An error means that it comes again later;
// Dead says that this would be in vain, RetryAfter when it makes sense. A panic is
// an error like another: the process lives on.
//
// Messages of different keys are handled at the same time, as many as the handler
// has slots in boostd.yaml, so a Handler is called from many goroutines at once.
//
// What the program prints goes to boostd's log: standard output is made the same as
// standard error by Serve. Package sdktest runs a handler in a test, and
// `boostd handlers check PATH` tries the whole program.
//
// It owns the plugin's side of plugins/wire: the socket, the streams, exactly one
// result for each message, and the end of the process. It doesn't own what the
// handler does, nor boostd's side, and needs nothing of boostd but the protocol. It
// writes the handshake and the gRPC server itself, and not with go-plugin's Serve,
// which takes standard output and standard error away into pipes that nobody empties
// at a crash, and ends without letting anything finish.
package sdk
