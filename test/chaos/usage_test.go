package chaos

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

func TestMeasure(t *testing.T) {
	console := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "# HELP go_goroutines Goroutines.\ngo_goroutines 1.2e+02\n")
	}))
	defer console.Close()
	u, err := Measure(os.Getpid(), console.URL)
	if err != nil {
		t.Fatal(err)
	}
	if u[Goroutines] != 120 || u[Memory] < 1 || u[Threads] < 1 || u[Descriptors] < 3 {
		t.Errorf("this process uses %v", u)
	}
	console.Close()
	if _, err := Measure(os.Getpid(), console.URL); err == nil {
		t.Error("a console that is away was measured")
	}
}
