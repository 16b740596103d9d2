# Try out, build and test boostd: `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build demo test acceptance bench fuzz kafka kafka-stop fmt lint clean c-compiler

# What the next lines may be given: make test PKG=./scheduler ARGS='-run TestGate'
PKG ?= ./...
ARGS ?=
FUZZTIME ?= 30s
NODES ?= 1
SECURE ?= false

# A checkout without git, or one that git refuses to read, has no revision.
VCS := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo auto || echo false)
VERSION ?= $(shell git describe --tags --dirty 2>/dev/null || echo development)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

build: c-compiler ## bin/boostd
	go build -buildvcs=$(VCS) -ldflags "-X main.version=$(VERSION)" -o bin/boostd ./cmd/boostd

demo: c-compiler ## what priority does, on this machine alone; ARGS='--seconds 10'
	go run ./cmd/boostd demo $(ARGS)

test: c-compiler ## all tests, with the race detector; PKG=./scheduler ARGS='-run TestGate'
	@go build -o bin/runtests ./test/cmd/runtests
	@bin/runtests -race -count=1 -p=2 -timeout=8m $(ARGS) $(PKG)

acceptance: c-compiler ## the promises at full size, on real Kafka: half an hour, an idle machine
	go test -tags acceptance ./test/acceptance -timeout 60m -v -count=1 $(ARGS)

bench: c-compiler ## benchmarks of the packages; PKG=./scheduler ARGS='-bench Core'
	go test -run '^$$' -bench . -benchmem $(ARGS) $(PKG)

fuzz: c-compiler ## each fuzz test for FUZZTIME=30s; PKG=./conf for those of one package
	@set -e; for dir in $$(go list -f '{{.Dir}}' $(PKG)); do \
	  for name in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go 2>/dev/null | cut -c6-); do \
	    echo "$$name in $${dir#$(CURDIR)/}"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$dir; done; done

kafka: ## start real Kafka in the background and print its addresses; NODES=3 SECURE=true
	@go run ./test/kafkatest/cmd/kafka start -nodes=$(NODES) -secure=$(SECURE)

kafka-stop: ## stop it
	@go run ./test/kafkatest/cmd/kafka stop

fmt: ## format all Go files
	gofmt -l -w .

lint: c-compiler ## say which files want formatting, and run go vet
	@files=$$(gofmt -l .); test -z "$$files" || { echo "want gofmt:" $$files; exit 1; }
	go vet ./...
	go vet -tags acceptance ./test/acceptance

clean: ## remove what was built here
	rm -rf bin

# The Kafka client is a C library. go build says so too, but only by a name.
c-compiler:
	@cc=$$(go env CC); command -v "$${cc%% *}" >/dev/null && test "$$(go env CGO_ENABLED)" = 1 || { \
	  echo "boostd needs a C compiler, because its Kafka client is a C library: install gcc, and leave CGO_ENABLED unset or 1." >&2; exit 1; }
