# Everything is built and tested with two commands: "make run" and "make test". Both install what is missing, on Debian.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# Older versions of Go have known flaws that BoxReady reaches (make security). The go command fetches this one by itself.
export GOTOOLCHAIN := $(shell sed -n 's/^toolchain //p' go.mod)

# The program with the window needs cgo and OpenGL: this tag leaves main_window*.go out, and nothing but them. The other one says
# that all of gui/ uses fyne.Do where Fyne wants it.
TAGS     := nogui,migrated_fynedo
VERSION  := $(shell packaging/version)
# Where "version --check" asks for the newest version; a packager may give an address.
RELEASES :=
# Where "catalogue update" finds a newer list of methods, events and hosts, and the minisign public key that it is signed with.
CATALOGUE :=
CATALOGUE_KEY :=
LDFLAGS  := -s -w -X main.version=$(VERSION) -X main.releases=$(RELEASES) -X main.catalogue=$(CATALOGUE) -X main.catalogueKey=$(CATALOGUE_KEY)
GOBUILD  := CGO_ENABLED=0 go build -tags $(TAGS) -trimpath -ldflags '$(LDFLAGS)'
WINDOWTAGS := migrated_fynedo,no_emoji,no_metadata,no_animations
WINDOWFLAGS := -tags $(WINDOWTAGS) -trimpath -ldflags '$(LDFLAGS)'
# Most tests wait for the network, not for the processor; with the race detector they compute. Lint has vetted them.
TESTFLAGS = -vet=off -tags $(TAGS) -timeout $(TIMEOUT) -parallel
TIMEOUT  := 30m

.PHONY: run texts window window-tools build cross quick test test-tools rerun-tools fleet-tools e2e screen-tools wine-tools images lint golden generate catalogue bench bench-windows fuzz security dist dist-test dist-again dist-tools dist-test-tools lab lab-tools soak clean

## run: open the window on the simulated portal; where there is no display, check it in the terminal
run: window
	@if [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ]; then build/boxready --demo; else build/boxready demo --check; fi

## window: the program with the window; without a C compiler, the one without
window: texts window-tools
	packaging/with-cgo go build $(WINDOWFLAGS) -o build/boxready .
	@[ -x build/boxready ] || $(GOBUILD) -o build/boxready .

# What Fyne's driver is built with.
window-tools:
	packaging/need gcc gcc
	packaging/need /usr/include/GL/gl.h libgl1-mesa-dev
	packaging/need /usr/include/X11/Xlib.h libx11-dev
	packaging/need /usr/include/X11/Xcursor/Xcursor.h libxcursor-dev
	packaging/need /usr/include/X11/extensions/Xrandr.h libxrandr-dev
	packaging/need /usr/include/X11/extensions/Xinerama.h libxinerama-dev
	packaging/need /usr/include/X11/extensions/XInput2.h libxi-dev
	packaging/need /usr/include/X11/extensions/xf86vmode.h libxxf86vm-dev

## build: the static program without the window
build: texts
	$(GOBUILD) -o build/static/boxready .

## cross: the static program for every system; Fyne's half for macOS is C, which can't be looked at from here
cross:
	@for target in linux/amd64 linux/arm64 windows/amd64 darwin/amd64 darwin/arm64; do \
	  echo "$$target"; \
	  GOOS=$${target%/*} GOARCH=$${target#*/} $(GOBUILD) -o build/cross/$${target%/*}-$${target#*/}/ . ; \
	  packages=./... ; \
	  case $$target in darwin/*) packages=$$(GOOS=darwin CGO_ENABLED=0 go list -tags $(TAGS) ./... | grep -v '^boxready/gui');; esac ; \
	  GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 go vet -tags $(TAGS) $$packages ; \
	done

# RERUN=n makes a test that fails again, up to n times, and names it at the end all the same: for CI, where another job may have
# taken the processor from what is measured in time. A test that needs it is to be mended.
RERUN :=
GOTEST = packaging/hostile go test ./...
ifdef RERUN
GOTEST = packaging/hostile build/tools/gotestsum --format pkgname-and-test-fails --rerun-fails=$(RERUN) --rerun-fails-run-root-test \
	--rerun-fails-abort-on-data-race --packages ./... --
test: rerun-tools
endif
rerun-tools:
	packaging/tool gotestsum gotest.tools/gotestsum@v1.13.0

# Tests that need neither a portal nor another program.
QUICK_CHECKS := ^Test(Judge|Catalog|Precedence|Needs|Consent|Order|PartOf|ExactVersions)
QUICK_REPORT := Words|Text|Sentences|Plurals|Twice|Schema|Compare|Summar
QUICK_CLI    := ^Test(Scripts|Links|Tables|PackagedDocuments|HelpOfEveryCommand|HelpUsesEveryText)$$/^(console|help|requirements|usage|version)$$
## quick: what finds most mistakes within a minute: judgements, catalogue, texts, layout, and command lines that need no portal
quick: texts
	CGO_ENABLED=0 go test -short -tags $(TAGS) -run '$(QUICK_CHECKS)' ./checks
	CGO_ENABLED=0 go test -short -tags $(TAGS) -run '$(QUICK_REPORT)' ./internal/report
	CGO_ENABLED=0 go test -short -tags $(TAGS) -run '$(QUICK_CLI)' ./cli
	CGO_ENABLED=0 go test -short -tags $(TAGS) ./internal/layout ./internal/view ./internal/words ./internal/bitrix ./internal/requirements/... ./gui/model

## test: all tests, and again with the race detector where a C compiler is there; that leaves out (-short) what only measures
## pictures, or asks about the whole catalogue
test: test-tools lint
	CGO_ENABLED=0 $(GOTEST) $(TESTFLAGS) 32
	packaging/with-cgo $(GOTEST) -race -short $(TESTFLAGS) 16

WINDOW := BOXREADY_WINDOW=$(CURDIR)/build/boxready
## e2e: the real window, driven by keys on a screen of its own; leaves pictures in build/screenshots
e2e: window screen-tools
	$(WINDOW) BOXREADY_SCREENSHOTS=$(CURDIR)/build/screenshots packaging/with-cgo go test -count=1 ./gui/e2e

wine-tools:
	packaging/need wine wine
	packaging/need wine64 wine64

# A screen without a screen, and somebody at it.
screen-tools:
	packaging/need Xvfb xvfb
	packaging/need /usr/lib/x86_64-linux-gnu/dri/swrast_dri.so libgl1-mesa-dri
	packaging/need xdotool xdotool
	packaging/need xclip xclip
	packaging/need dbus-run-session dbus-daemon

## images: the README's pictures of the window
images: window screen-tools
	$(WINDOW) BOXREADY_IMAGES=$(CURDIR)/docs/images packaging/with-cgo go test -count=1 -run TestImages ./gui/e2e

# What tests need besides Go: Node.js for the official JavaScript SDK, a browser to sign in with, a keyring, and the programs
# that rules are written for.
test-tools:
	packaging/need node nodejs
	packaging/need npm npm
	packaging/need chromium chromium
	packaging/need pdftotext poppler-utils
	packaging/need dbus-run-session dbus-daemon
	packaging/need gnome-keyring-daemon gnome-keyring
	packaging/need php php-cli
	packaging/need curl curl
	packaging/need openssl openssl
	packaging/need ip iproute2
	packaging/need nft nftables
	packaging/need iptables iptables
	packaging/need ipset ipset
	packaging/need firewall-offline-cmd firewalld
	packaging/need squid squid
	packaging/need nginx nginx-light
	packaging/need python3 python3
	packaging/need /usr/lib/python3/dist-packages/jsonschema python3-jsonschema
	packaging/need promtool prometheus
	packaging/need systemd-analyze systemd
	packaging/need groff groff-base
	packaging/need /usr/share/bash-completion/bash_completion bash-completion
	packaging/need zsh zsh
	packaging/need fish fish
	@for folder in internal/allowlist/testdata/powershell internal/report/testdata/page internal/simportal/testdata/jssdk assets/testdata/ajv; do packaging/npm "$$folder" >/dev/null || true; done

# The peers that checks and the scanner are compared with; none of their services starts.
fleet-tools:
	packaging/need prometheus-blackbox-exporter prometheus-blackbox-exporter
	packaging/need hyperfine hyperfine
	packaging/need rg ripgrep

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -d $$(git ls-files '*.go'); exit 1; }
	CGO_ENABLED=0 go vet -tags $(TAGS) ./...
	CGO_ENABLED=0 go tool staticcheck -tags $(TAGS) ./...

## golden: the pictures that the window's tests compare with; look at what changed
golden: texts
	CGO_ENABLED=0 go test -tags $(TAGS) ./gui/... -update

## texts: compresses assets/lang/*.json for the program, which otherwise has those of before
texts:
	CGO_ENABLED=0 go run ./packaging/texts

## generate: the texts, the JSON Schema from the facts' Go types, and the licences of what is linked
generate: texts
	CGO_ENABLED=0 go generate -tags $(TAGS) ./internal/report ./checks
	CGO_ENABLED=0 go run ./packaging/licences

## bench: the figures in docs/performance.md
bench: build window screen-tools fleet-tools bench-windows
	CGO_ENABLED=0 go test -tags $(TAGS) -run '^$$' -bench . -benchtime 5x . ./checks ./internal/requirements/... ./internal/report ./gui
	CGO_ENABLED=0 go test -tags $(TAGS) -run '^$$' -bench 'Portals|Peers' -benchtime 1x -timeout 30m ./cli
	packaging/with-cgo go build $(WINDOWFLAGS) -o build/hello ./gui/e2e/testdata/hello
	$(WINDOW) BOXREADY_HELLO=$(CURDIR)/build/hello packaging/with-cgo go test -run '^$$' -bench . -benchtime 1x ./gui/e2e

# The window as Windows has it without OpenGL, under Wine.
bench-windows: dist-tools window-tools screen-tools wine-tools
	mkdir -p build/windows
	GOOS=windows GOARCH=amd64 CGO_ENABLED=1 CC=x86_64-w64-mingw32-gcc go build -tags $(WINDOWTAGS) -trimpath -ldflags '$(LDFLAGS) -H windowsgui' -o build/windows/boxready.exe .
	packaging/windows/mesa build/windows/opengl
	BOXREADY_WINDOWS=$(CURDIR)/build/windows CGO_ENABLED=0 go test -tags $(TAGS) -run '^$$' -bench Software -benchtime 1x ./gui/e2e

## catalogue: a list of methods, events and hosts for "boxready catalogue update", not signed, in dist/
catalogue:
	mkdir -p dist
	CGO_ENABLED=0 go run ./packaging/catalogue dist/catalogue.tsv.gz

# What is handed out, see packaging/README.md.
DIST := TAGS='$(TAGS)' WINDOWTAGS='$(WINDOWTAGS)' LDFLAGS='$(LDFLAGS)' VERSION='$(VERSION)' packaging/dist
## dist: installers, archives, sums and lists of what is in them, in dist/
dist: dist-tools window-tools
	rm -rf dist
	$(DIST) linux server windows static

## dist-test: installs, starts, upgrades and removes what is in dist/, as root; Windows is played by Wine
dist-test: dist-test-tools
	BOXREADY_DIST=$(CURDIR)/dist CGO_ENABLED=0 go test -count=1 -timeout $(TIMEOUT) -tags $(TAGS) ./packaging/test

## dist-again: builds dist/ once more elsewhere, and compares; with AGAIN_CACHE= also everything that Go keeps from earlier builds
dist-again:
	packaging/again RELEASES=$(RELEASES) CATALOGUE=$(CATALOGUE) CATALOGUE_KEY=$(CATALOGUE_KEY)

dist-tools:
	packaging/need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64
	packaging/need x86_64-w64-mingw32-g++-posix g++-mingw-w64-x86-64
	packaging/need meson meson
	packaging/need ninja ninja-build
	packaging/need /usr/lib/python3/dist-packages/mako python3-mako
	packaging/need bison bison
	packaging/need flex flex
	packaging/need dpkg-source dpkg-dev
	packaging/need makensis nsis
	packaging/need wixl wixl
	packaging/need osslsigncode osslsigncode
	packaging/need rsvg-convert librsvg2-bin
	packaging/need icotool icoutils
	packaging/need xz xz-utils
	packaging/need zip zip
	packaging/need advzip advancecomp
	packaging/tool nfpm github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
	packaging/tool cyclonedx-gomod github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

dist-test-tools: screen-tools wine-tools
	packaging/need Xvnc tigervnc-standalone-server
	packaging/need /usr/lib/xorg/modules/libxorgxrdp.so xorgxrdp
	packaging/need sshd openssh-server
	packaging/need ssh openssh-client
	packaging/need xauth xauth
	packaging/need import imagemagick
	packaging/need lintian lintian
	packaging/need desktop-file-validate desktop-file-utils
	packaging/need appstreamcli appstream
	packaging/need gtk-launch libgtk-3-bin
	packaging/need rpm rpm
	packaging/need rpm2cpio rpm2cpio
	packaging/need rpmlint rpmlint
	packaging/need cpio cpio
	packaging/need msiextract msitools
	packaging/need mmdebstrap mmdebstrap
	packaging/need ip iproute2
	packaging/need ruby ruby
	packaging/need flatpak-builder flatpak-builder
	packaging/tool actionlint github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

FUZZTIME := 30s
## fuzz: every fuzz target for FUZZTIME. What is of interest isn't made small for the usual minute, in which little else is tried
fuzz:
	@grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do \
	  grep -oE '^func Fuzz[A-Za-z0-9_]*' "$$file" | cut -c6- | while read -r target; do \
	    echo "$$(dirname "$$file") $$target"; \
	    CGO_ENABLED=0 go test -tags $(TAGS) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s "$$(dirname "$$file")"; \
	  done; \
	done

# The tools have a graph of their own. With them comes the database of known flaws, as a Go module that is as old as
# tools.mod says; VULNDB=https://vuln.go.dev asks for today's.
SECURITY := -modfile=packaging/security/tools.mod
VULNDB = file://$$(go list $(SECURITY) -m -f '{{.Dir}}' golang.org/x/vulndb)/data/osv
## security: fails on known flaws that the program can reach, on each system, if there is a fix, and on findings of gosec that no comment
## on their line excuses; skipped where the database can't be downloaded
security:
	@if ! go mod download $(SECURITY) golang.org/x/vulndb; then \
	  echo "SKIPPED: THE DATABASE OF KNOWN FLAWS CAN'T BE DOWNLOADED, SO NOBODY LOOKED FOR THEM" >&2; exit 0; \
	fi; \
	CGO_ENABLED=0 go build $(SECURITY) -o build/tools/ tool; \
	for system in linux windows; do \
	  echo "known flaws, $$system:"; \
	  GOOS=$$system CGO_ENABLED=0 build/tools/govulncheck -format json -db "$(VULNDB)" -tags $(TAGS) ./... | go run ./packaging/security; \
	  GOOS=$$system CGO_ENABLED=0 build/tools/gosec -quiet -conf packaging/security/gosec.json -nosec-require-rules -nosec-require-justification \
	    -tags $(TAGS) -exclude-dir testdata -exclude-dir build ./... ; \
	done

SHORT :=
ONLY  := .
## lab: diagnoses on a real network stack that is broken by what breaks it in life; SHORT=1 leaves out what takes long, ONLY= picks
lab: build lab-tools
	BOXREADY_LAB=$(CURDIR)/build/static/boxready BOXREADY_LAB_SHORT=$(SHORT) CGO_ENABLED=0 go -C internal/lab test -count=1 -tags $(TAGS) -run 'TestLab/$(ONLY)' -parallel 32 -timeout $(TIMEOUT)

# Name server, servers in front of a portal, PHP, a filter, a proxy that opens TLS (Debian's plain squid can't), a keyring to sign in with.
lab-tools:
	packaging/need ip iproute2
	packaging/need nft nftables
	packaging/need unbound unbound
	packaging/need nginx nginx-light
	packaging/need '/usr/sbin/php-fpm*' php-fpm
	packaging/need haproxy haproxy
	packaging/need apache2 apache2
	packaging/need /usr/lib/apache2/modules/mod_security2.so libapache2-mod-security2
	packaging/need /usr/share/modsecurity-crs/rules modsecurity-crs
	packaging/need /usr/lib/squid/security_file_certgen squid-openssl
	packaging/need curl curl
	packaging/need openssl openssl
	packaging/need dbus-run-session dbus-daemon
	packaging/need gnome-keyring-daemon gnome-keyring

SOAK := 1h
## soak: simulated portals with random faults, again and again in one process, for SOAK; nothing leaks, no verdict is wrong
soak:
	BOXREADY_SOAK=$(SOAK) CGO_ENABLED=0 go -C internal/lab test -count=1 -tags $(TAGS) -run TestSoak -timeout 0

clean:
	rm -rf build dist
