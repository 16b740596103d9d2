# Try out, build and test boostd: `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build demo test acceptance mutants oracle chaos bench bench-quick bench-packages bench-scheduler profile fuzz kafka kafka-stop proto fmt lint man install uninstall deb tools clean c-compiler

# What the next lines may be given: make test PKG=./scheduler ARGS='-run TestGate'
PKG ?= ./...
ARGS ?=
FUZZTIME ?= 30s
NODES ?= 1
# Of make chaos: the first of how many seeds, seconds of faults for each, messages a second.
SEED ?= 1
SEEDS ?= 10
SECONDS ?= 180
RATE ?= 300
# Of make oracle: how many steps, and the seed.
STEPS ?= 1e7
ORACLE_SEED ?= 1
# Of make soak: how long.
SOAK ?= 1h
SECURE ?= false
PREFIX ?= /usr
DESTDIR ?=
# The binary that man, install and deb take; another than this one isn't built.
BOOSTD ?= bin/boostd

# A checkout without git, or one that git refuses to read, has no revision.
VCS := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo auto || echo false)
VERSION ?= $(shell git describe --tags --dirty 2>/dev/null || echo development)
# What is made from one commit has one date, whenever it is made.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
export SOURCE_DATE_EPOCH
# Debian's order of versions: 1.2-rc1 is before 1.2, five commits after 1.2 is behind it, and a number comes first.
DEB_VERSION = $(shell echo '$(VERSION)' | sed 's/^v//; s/-\([0-9][0-9]*\)-g/+\1.g/; s/-dirty$$/+dirty/; s/-/~/g; /^[0-9]/!s/^/0~/')

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

build: c-compiler ## bin/boostd
	go build -trimpath -buildvcs=$(VCS) -ldflags "-X main.version=$(VERSION)" -o bin/boostd ./cmd/boostd

demo: c-compiler ## what priority does, on this machine alone; ARGS='--seconds 10'
	go run ./cmd/boostd demo $(ARGS)

test: c-compiler ## all tests, with the race detector; PKG=./scheduler ARGS='-run TestGate'
	@go build -o bin/runtests ./test/cmd/runtests
ifeq ($(PKG)$(ARGS),./...)
	@# What judges by the clock gets the machine for itself.
	@bin/runtests -race -count=1 -p=2 -timeout=12m $$(go list ./... | grep -v '/test/e2e$$\|/test/chaos$$')
	@bin/runtests -race -count=1 -p=1 -timeout=12m ./test/e2e ./test/chaos
	@$(MAKE) --no-print-directory oracle
	@cd test/rules && ../../bin/runtests -count=1 ./...
else
	@bin/runtests -race -count=1 -p=2 -timeout=12m $(ARGS) $(PKG)
endif

acceptance: c-compiler ## the promises at full size, on real Kafka: 40 minutes, an idle machine
	go test -tags acceptance ./test/killed -timeout 40m -v -count=1 $(ARGS)
	go test -tags acceptance ./test/acceptance -timeout 60m -v -count=1 $(ARGS)

chaos: c-compiler ## break all that can break, on real Kafka; SEEDS=10 SECONDS=180; SEED=7 SEEDS=1 is the seventh again
	go test ./test/chaos -run TestChaos -v -count=1 -timeout 24h -chaos.seed=$(SEED) -chaos.seeds=$(SEEDS) -chaos.seconds=$(SECONDS) -chaos.rate=$(RATE) $(ARGS)

mutants: c-compiler ## plant known bugs, one at a time, and check that the tests catch each; ARGS=retry
	go run ./test/mutants $(ARGS)

oracle: ## the core against the naive scheduler, step for step, without the race detector; STEPS=1e9 in half an hour
	go test ./scheduler -run '^TestCoreAgainstNaive$$' -v -count=1 -timeout 24h -oracle.steps=$(STEPS) -oracle.seed=$(ORACLE_SEED) $(ARGS)

soak: c-compiler ## one hour of load and mild faults: memory, goroutines, descriptors and threads must not grow; SOAK=1h
	go test -tags soak ./test/chaos -run TestSoak -v -count=1 -timeout 24h -soak.for=$(SOAK) $(ARGS)

bench: c-compiler ## boostd beside all else, on real Kafka: under 30 minutes, an idle machine; ARGS='-cases T,H -contestants boostd,bare'
	@go build -o bin/bench-run ./test/bench
	@bin/bench-run $(ARGS)

bench-quick: c-compiler ## the same with less of everything, in 5 minutes
	@$(MAKE) --no-print-directory bench ARGS='-quick $(ARGS)'

profile: c-compiler ## CPU and allocations of boostd at its fastest, and whose they are; in bin/profile
	@$(MAKE) --no-print-directory bench ARGS='-profile bin/profile $(ARGS)'

bench-packages: c-compiler ## benchmarks of the packages; PKG=./scheduler ARGS='-bench Core'
	go test -run '^$$' -bench . -benchmem $(ARGS) $(PKG)

bench-scheduler: ## what choosing, dispatching and simulating cost; ARGS='-bench Choose/strict'
	go test -p 1 -run '^$$' -bench . -benchmem $(ARGS) ./scheduler ./scheduler/sim ./actors

fuzz: c-compiler ## each fuzz test for FUZZTIME=30s; PKG=./conf for those of one package
	@set -e; for dir in $$(go list -f '{{.Dir}}' $(PKG)); do \
	  for name in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go 2>/dev/null | cut -c6-); do \
	    echo "$$name in $${dir#$(CURDIR)/}"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$dir; done; done

kafka: ## start real Kafka in the background and print its addresses; NODES=3 SECURE=true
	@go run ./test/kafkatest/cmd/kafka start -nodes=$(NODES) -secure=$(SECURE)

kafka-stop: ## stop it
	@go run ./test/kafkatest/cmd/kafka stop

PROTO = plugins/wire
PYTHON = plugins/sdk/python/src
proto: bin/tools/venv ## generate plugins/wire, and Python's, anew, after a change of handler.proto
	cd tools && go build -o ../bin/tools/ google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc
	PATH=$(CURDIR)/bin/tools:$$PATH bin/tools/venv/bin/python -m grpc_tools.protoc -I $(PROTO) --go_out=$(PROTO) --go_opt=paths=source_relative \
		--go-grpc_out=$(PROTO) --go-grpc_opt=paths=source_relative handler.proto
	bin/tools/venv/bin/python -m grpc_tools.protoc -I boostd_handler/wire=$(PROTO) --python_out=$(PYTHON) --pyi_out=$(PYTHON) boostd_handler/wire/handler.proto

bin/tools/venv:
	python3 -m venv $@
	$@/bin/pip install --quiet 'grpcio-tools>=1.85'

fmt: ## format all Go files
	gofmt -l -w .

lint: c-compiler ## say which files want formatting, and run go vet and golangci-lint
	@files=$$(gofmt -l .); test -z "$$files" || { echo "want gofmt:" $$files; exit 1; }
	go vet ./...
	go vet -tags acceptance ./test/acceptance ./test/killed
	go vet -tags soak ./test/chaos
	cd test/rules && go vet ./...
	@test ! -e .golangci.yaml || $(MAKE) --no-print-directory bin/tools/golangci-lint
	@test ! -e .golangci.yaml || bin/tools/golangci-lint run

tools: bin/tools/golangci-lint bin/tools/nfpm ## build the tools of tools/go.mod into bin/tools

bin/tools/%: tools/go.mod
	@mkdir -p $(@D)
	go build -C tools -o ../$@ $$(sed -n 's|^\t\([^ ]*/$*\)$$|\1|p' tools/go.mod)
	@touch $@

BUILT = $(if $(filter bin/boostd,$(BOOSTD)),build)

man: $(BUILT) ## manual pages in bin/man
	@rm -rf bin/man
	$(BOOSTD) man bin/man

# What install makes and uninstall removes, below PREFIX.
UNIT = lib/systemd/system/boostd.service
SYSUSERS = lib/sysusers.d/boostd.conf
BASH = share/bash-completion/completions/boostd
ZSH = share/zsh/vendor-completions/_boostd
FISH = share/fish/vendor_completions.d/boostd.fish
MAN = share/man/man1
DOC = share/doc/boostd
PLUGINS = lib/boostd/plugins
TO = $(DESTDIR)$(PREFIX)
ETC = $(DESTDIR)/etc/boostd

install: $(BUILT) ## binary, unit, manual, completions and an example configuration; DESTDIR= PREFIX=/usr
	install -d -m 755 $(addprefix $(TO)/,bin $(dir $(UNIT) $(SYSUSERS) $(BASH) $(ZSH) $(FISH)) $(MAN) $(DOC) $(PLUGINS))
	test -d $(ETC) || install -d -m 755 $(ETC)
	install -m 755 $(BOOSTD) $(TO)/bin/boostd
	sed 's|/usr/bin/|$(PREFIX)/bin/|' contrib/systemd/boostd.service | install -m 644 /dev/stdin $(TO)/$(UNIT)
	install -m 644 contrib/systemd/boostd.sysusers $(TO)/$(SYSUSERS)
	$(BOOSTD) completion bash | install -m 644 /dev/stdin $(TO)/$(BASH)
	$(BOOSTD) completion zsh | install -m 644 /dev/stdin $(TO)/$(ZSH)
	$(BOOSTD) completion fish | install -m 644 /dev/stdin $(TO)/$(FISH)
	rm -f $(addprefix $(TO)/$(MAN)/,boostd.1.gz boostd-*.1.gz)
	$(BOOSTD) man $(TO)/$(MAN)
	gzip -9nf $(addprefix $(TO)/$(MAN)/,boostd.1 boostd-*.1)
	chmod 644 $(addprefix $(TO)/$(MAN)/,boostd.1.gz boostd-*.1.gz)
	install -m 644 README.md CHANGELOG.md contrib/systemd/handlers-need-more.conf $(TO)/$(DOC)
	install -m 644 LICENSE $(TO)/$(DOC)/copyright
	test -e $(ETC)/boostd.yaml || $(BOOSTD) config init | install -m 640 /dev/stdin $(ETC)/boostd.yaml
	test -e $(ETC)/settings.json || install -m 640 examples/orders/settings.json $(ETC)/settings.json
	@test -n '$(DESTDIR)' || echo "then, for the service: systemd-sysusers && chgrp -R boostd /etc/boostd && systemctl daemon-reload"

uninstall: ## remove what install has made, but not /etc/boostd
	rm -f $(addprefix $(TO)/,bin/boostd $(UNIT) $(SYSUSERS) $(BASH) $(ZSH) $(FISH) $(MAN)/boostd.1.gz $(MAN)/boostd-*.1.gz)
	rm -rf $(TO)/$(DOC)
	-rmdir --ignore-fail-on-non-empty $(TO)/$(PLUGINS) $(TO)/$(dir $(PLUGINS)) 2>/dev/null # plugins are their owners'

DEB_DIR ?= bin/deb
DEB_ROOT = $(DEB_DIR)/root
deb: bin/tools/nfpm ## a Debian package in bin/deb, the same bytes for the same commit
	@rm -rf $(DEB_ROOT)
	@$(MAKE) --no-print-directory install DESTDIR=$(DEB_ROOT) PREFIX=/usr BOOSTD=$(BOOSTD)
	find $(DEB_ROOT) -exec touch -h -d @$(SOURCE_DATE_EPOCH) {} +
	ROOT=$(DEB_ROOT) DEB_VERSION='$(DEB_VERSION)' ARCH=$$(go env GOARCH) \
	  bin/tools/nfpm package --config contrib/deb/nfpm.yaml --packager deb --target $(DEB_DIR)

clean: ## remove what was built here
	rm -rf bin

# The Kafka client is a C library. go build says so too, but only by a name.
c-compiler:
	@cc=$$(go env CC); command -v "$${cc%% *}" >/dev/null && test "$$(go env CGO_ENABLED)" = 1 || { \
	  echo "boostd needs a C compiler, because its Kafka client is a C library: install gcc, and leave CGO_ENABLED unset or 1." >&2; exit 1; }
