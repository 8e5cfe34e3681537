# `make help` lists what there is. Everything works at any path, as root and as an ordinary user with sudo.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help build demo test check bench bench-fleet mutate install format lint clean

PREFIX ?= /usr/local
DESTDIR ?=
FILTER ?=

help: ## list the targets
	@echo 'Driftwatch: make TARGET'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r target text; do \
	    printf '  %-11s %s\n' "$$target" "$$text"; done

build: ## build the program into .build/debug/driftwatch
	@scripts/install-dependencies build
	@swift build

demo: ## show the whole line on three example servers, from cron to Slack
	@scripts/install-dependencies build demo
	@swift build --product driftwatch
	@scripts/demo

test: ## run the tests (FILTER='a regular expression' for some of them)
	@scripts/install-dependencies build test
	@scripts/run-tests "$$FILTER"

check: ## what every change has to pass: lint, build without warnings, tests
	@scripts/install-dependencies build test check
	@scripts/lint
	@scripts/run-tests ''

bench: ## run the benchmarks
	@scripts/install-dependencies build demo bench
	@shopt -s nullglob; for benchmark in scripts/bench-*; do echo "== $$benchmark"; "$$benchmark"; done

bench-fleet: ## how long a sweep of 40 servers takes, against bare ssh and against pyinfra
	@scripts/install-dependencies build demo bench
	@scripts/bench-fleet

mutate: ## take guards away, one at a time, and see that a test notices (FILTER='a regular expression' for some)
	@scripts/install-dependencies build test
	@scripts/mutate "$$FILTER"

install: ## release binary with Swift's runtime inside, to PREFIX/bin (PREFIX=/usr/local, DESTDIR= for packagers)
	@scripts/install-dependencies build
	@swift build --configuration release --product driftwatch --static-swift-stdlib
	@install -D -m 0755 .build/release/driftwatch "$$DESTDIR$$PREFIX/bin/driftwatch"
	@echo "installed $$DESTDIR$$PREFIX/bin/driftwatch"

format: ## format the Swift code in place
	@swift format --in-place --parallel --recursive Package.swift $(wildcard Sources Tests Benchmarks)

lint: ## check format and scripts, without building
	@scripts/install-dependencies build check
	@scripts/lint

clean: ## remove what was built, and the private databases
	@for folder in .test/postgres .demo/postgres; do \
	    if [ -d "$$folder" ]; then scripts/private-postgres stop "$$folder" || true; fi; done
	@rm -rf .build .test .demo

export PREFIX DESTDIR FILTER
