# Everything is built and tested with two commands: "make run" and "make test". Both install what is missing, on Debian.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# The window needs cgo and OpenGL; everything else does without, and this tag leaves the window out.
TAGS     := nogui
VERSION  := $(shell git describe --tags --dirty 2>/dev/null || echo 0.1.0-dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
GOBUILD  := CGO_ENABLED=0 go build -tags $(TAGS) -trimpath -ldflags '$(LDFLAGS)'
# Most tests wait for the network, not for the processor.
PARALLEL := 24

.PHONY: run build cross test race lint generate bench fuzz clean

## run: start the simulated portal and check it
run: build
	build/boxready demo --check

build:
	$(GOBUILD) -o build/boxready .

## cross: the static program for every system
cross:
	@for target in linux/amd64 linux/arm64 windows/amd64 darwin/amd64 darwin/arm64; do \
	  echo "$$target"; \
	  GOOS=$${target%/*} GOARCH=$${target#*/} $(GOBUILD) -o build/cross/$${target%/*}-$${target#*/}/ . ; \
	  GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 go vet -tags $(TAGS) ./... ; \
	done

## test: all tests, with the race detector where a C compiler is there
test: test-tools lint
	CGO_ENABLED=0 go test -tags $(TAGS) -parallel $(PARALLEL) ./...
	packaging/with-cgo go test -race -tags $(TAGS) -parallel $(PARALLEL) ./...

# What tests need besides Go: Node.js for the official JavaScript SDK, a browser to sign in with, a keyring, and the programs
# that rules are written for.
test-tools:
	packaging/need node nodejs
	packaging/need npm npm
	packaging/need chromium chromium
	packaging/need dbus-run-session dbus-daemon
	packaging/need gnome-keyring-daemon gnome-keyring
	packaging/need ip iproute2
	packaging/need nft nftables
	packaging/need iptables iptables
	packaging/need ipset ipset
	packaging/need firewall-offline-cmd firewalld
	packaging/need squid squid
	packaging/need nginx nginx-light
	packaging/need python3 python3
	packaging/need php php-cli

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -d $$(git ls-files '*.go'); exit 1; }
	CGO_ENABLED=0 go vet -tags $(TAGS) ./...
	CGO_ENABLED=0 go tool staticcheck -tags $(TAGS) ./...

## generate: the JSON Schema from the facts' Go types
generate:
	CGO_ENABLED=0 go generate -tags $(TAGS) ./...

## bench: the figures in docs/performance.md
bench: build
	CGO_ENABLED=0 go test -tags $(TAGS) -run '^$$' -bench . -benchtime 5x . ./checks

FUZZTIME := 30s
## fuzz: every fuzz target for FUZZTIME
fuzz:
	@grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do \
	  grep -oE '^func Fuzz[A-Za-z0-9_]*' "$$file" | cut -c6- | while read -r target; do \
	    echo "$$(dirname "$$file") $$target"; \
	    CGO_ENABLED=0 go test -tags $(TAGS) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; \
	  done; \
	done

clean:
	rm -rf build dist
