package wire

import (
	"os"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
)

// What is generated fits handler.proto. The parser is one in Go, so that no protoc is
// needed to see it.
func TestGeneratedFitsTheProto(t *testing.T) {
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{}}
	files, err := compiler.Compile(t.Context(), "handler.proto")
	if err != nil {
		t.Fatal(err)
	}
	want := protodesc.ToFileDescriptorProto(files[0])
	got := protodesc.ToFileDescriptorProto(File_handler_proto)
	for _, d := range []*descriptorpb.FileDescriptorProto{want, got} {
		d.SourceCodeInfo = nil
	}
	if !proto.Equal(got, want) {
		t.Errorf("handler.pb.go is another protocol than handler.proto: run make proto\ngenerated:\n%v\nhandler.proto:\n%v", got, want)
	}
}

// The client's and the server's side know the services' methods.
func TestServiceFitsTheProto(t *testing.T) {
	service := File_handler_proto.Services().Get(0)
	if string(service.FullName()) != Handler_ServiceDesc.ServiceName {
		t.Errorf("service %s, want %s", Handler_ServiceDesc.ServiceName, service.FullName())
	}
	kinds := map[string][2]bool{}
	for _, m := range Handler_ServiceDesc.Methods {
		kinds[m.MethodName] = [2]bool{}
	}
	for _, s := range Handler_ServiceDesc.Streams {
		kinds[s.StreamName] = [2]bool{s.ClientStreams, s.ServerStreams}
	}
	methods := service.Methods()
	if len(kinds) != methods.Len() {
		t.Errorf("methods %v, handler.proto has %d", kinds, methods.Len())
	}
	for i := range methods.Len() {
		m := methods.Get(i)
		if kind, ok := kinds[string(m.Name())]; !ok || kind != [2]bool{m.IsStreamingClient(), m.IsStreamingServer()} {
			t.Errorf("method %s is %v, %v", m.Name(), kind, ok)
		}
	}
}

// What people read in the comment at its beginning is what the constants say.
func TestCommentHasTheConstants(t *testing.T) {
	text, err := os.ReadFile("handler.proto")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		Cookie + "=" + CookieValue, "PLUGIN_PROTOCOL_VERSIONS=1", `the service "` + Service + `" is SERVING`,
		"at most 64 MiB long", "at most 256 KiB",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("handler.proto doesn't say %q", want)
		}
	}
	if Version != 1 || MaxFrame != 64<<20 || MaxStacks != 256<<10 {
		t.Errorf("version %d, frames of %d, stacks of %d: handler.proto says otherwise", Version, MaxFrame, MaxStacks)
	}
}
