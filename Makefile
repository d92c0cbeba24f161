# What a newcomer types. `make` alone explains.

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz lint bench web setup clean-web

LISTEN ?=
NODE := $(shell command -v npm 2>/dev/null)
WEB_SOURCES := $(wildcard web/src/*) web/index.html web/vite.config.js web/package.json web/package-lock.json

help:
	@echo 'Raccordo joins the registries of comuni, health agencies and the third sector into one GraphQL graph.'
	@echo
	@echo '  make demo    build, then run the example district and the gateway over it (Ctrl-C stops it);'
	@echo '               LISTEN=127.0.0.1:4400 chooses another address'
	@echo '  make test    install what the tests need where it is missing, then run all of them'
	@echo '  make fuzz    ten seconds of hostile bytes for each target of tests/fuzz, and schemathesis;'
	@echo '               SECONDS=3600 for an hour of each'
	@echo '  make lint    formatting and clippy, warnings refused'
	@echo '  make bench   the benchmarks of bench/ (needs wrk); PEER="command" puts another gateway beside'
	@echo '  make web     build the explorer page alone (needs Node.js)'
	@echo '  make setup   only install what the tests need'
	@echo
	@echo 'The first build takes some minutes: README.md says how many. CONTRIBUTING.md says how to change things.'

# The explorer's page is embedded in the binary, so it is built first. Without Node.js the gateway
# embeds its own plain page instead: the demo works either way, so a failure here does not stop it.
demo:
	@$(MAKE) --no-print-directory web || echo 'The explorer could not be built (above); a plain page will serve instead.'
	@echo 'Building the demo: some minutes the first time, seconds afterwards.'
	cargo build --locked --profile demo -p raccordo-demo
	@exec cargo run --locked --quiet --profile demo -p raccordo-demo -- $(if $(LISTEN),--listen $(LISTEN))

test: setup web
	@scripts/test

fuzz: setup
	@tests/fuzz/run $(or $(SECONDS),10)
	@tests/fuzz/schemathesis/run

lint:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

bench:
	@exec bench/run

ifeq ($(NODE),)
web:
	@echo 'Node.js is missing: the explorer will be a plain page. For GraphiQL, install Node.js 18 or later'
	@echo '(Debian: apt install nodejs npm) and run this again.'
else
web: web/dist/index.html
	@:

web/dist/index.html: $(WEB_SOURCES)
	@echo 'Building the explorer (GraphiQL) into web/dist'
	cd web && npm ci --no-audit --no-fund && npm run --silent build
endif

setup:
	@scripts/setup

clean-web:
	rm -rf web/dist web/node_modules
