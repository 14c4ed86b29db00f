# One entry for people and for CI. `make` alone lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
DAYS ?= 90
WORKERS ?= 2
BIN := .venv/bin
FLASK := $(BIN)/flask --app wsgi
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
# Cookies that travel over plain HTTP: right for one's own machine only. Behind HTTPS leave it out.
RUN_ENV := SUPPLY_SECURE_COOKIES=$${SUPPLY_SECURE_COOKIES:-no}
# The production server: a process for each of two cores. On SQLite their writers stand in one line.
SERVER := $(BIN)/granian --interface wsgi --no-ws --workers 2 --workers-kill-timeout 20 --blocking-threads 3 --host $(HOST) --port $(PORT) wsgi:app

# Root installs from Debian's archive, as does who may use sudo without a password; others are told.
define apt_install
	if [ "$$(id -u)" = 0 ]; then as_root=""; \
	elif sudo -n true 2>/dev/null; then as_root="sudo -n"; \
	else echo "Missing: $(1). Run: sudo apt-get install $(1)" >&2; exit 1; fi; \
	echo "Installing $(1) ..."; \
	$$as_root apt-get update -qq </dev/null; \
	$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1) \
		</dev/null >/dev/null
endef

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with PYTHON=python3.11" >&2; exit 1; }
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then $(call apt_install,python3-venv); fi
	@echo "Making .venv ..."
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; exit 1; }

.venv/.run: requirements.txt | $(BIN)/python
	@echo "Installing what Supply runs on ..."
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.dev: requirements.txt requirements-dev.txt | $(BIN)/python
	@echo "Installing the tools and test libraries ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@ .venv/.run

.PHONY: run
run: .venv/.run ## Start Supply with the demo spa: make run [PORT=8000] [HOST=127.0.0.1] [DAYS=90]
	@$(BIN)/python -c 'import socket; socket.create_server(("$(HOST)", $(PORT)))' 2>/dev/null || \
		{ echo "Port $(PORT) cannot be had on $(HOST): choose another, make run PORT=8080" >&2; exit 1; }
	@export $(RUN_ENV); \
	$(BIN)/python -c 'from supply.cli.setup import main; main("demo --if-empty --days $(DAYS)", "sign-ins")'
	@echo "Supply is at http://$(HOST):$(PORT)/ (stop it with Ctrl+C)"
	@export $(RUN_ENV); exec $(SERVER)

define checks
	$(BIN)/ruff check --quiet .; \
	$(BIN)/ruff format --quiet --check . || \
		{ echo "Some files are not in the house's format: run make fix" >&2; exit 1; }; \
	$(BIN)/mypy; \
	$(BIN)/djlint supply/templates --lint --quiet
endef

.PHONY: lint
lint: .venv/.dev ## Check style and types, change nothing
	@$(checks)

.PHONY: fix
fix: .venv/.dev ## Repair what the tools can repair by themselves
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Without Chromium, tests/conftest.py leaves the browser tests out and says so; in CI that is an error.
.PHONY: chromium
chromium:
	@if command -v chromium-headless-shell >/dev/null; then exit 0; fi; \
	( $(call apt_install,chromium-headless-shell fonts-dejavu-core) ) || [ "$${CI:-}" != true ]

# Style and types are checked beside the tests, which leave a core idle now and then; told after them.
.PHONY: test
test: .venv/.dev chromium ## Everything that CI checks
	@said=$$(mktemp); trap 'rm -f "$$said"' EXIT; \
	( $(checks) ) >"$$said" 2>&1 & checking=$$!; \
	tests=pass; $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --cov --cov-report=term:skip-covered || \
		tests=fail; \
	checks=pass; wait $$checking || checks=fail; \
	cat "$$said"; \
	echo "Style and types: $$checks. Tests: $$tests."; \
	[ $$tests$$checks = passpass ]

# The watchdog that ends a hanging test would end the whole run in the middle of one that takes its time.
.PHONY: test-long
test-long: .venv/.dev chromium ## The long runs: kills, large ledgers, every page in every width
	@$(BIN)/python -m pytest -m long -o faulthandler_timeout=7200

.PHONY: bench
bench: .venv/.dev ## Measure the product against its limits (bench/)
	@$(BIN)/python -m bench

.PHONY: migration
migration: .venv/.dev ## Draft a migration from the models: make migration m="what it does"
	@[ -n "$(m)" ] || { echo 'Say what it does: make migration m="..."' >&2; exit 1; }
	@last=$$(ls migrations/versions | grep -oE '^[0-9]{4}' | sort | tail -1); \
	next=$$(printf '%04d' $$((10#$${last:-0} + 1))); \
	$(FLASK) db migrate --rev-id "$$next" -m "$(m)"

CATALOGUE := supply/translations/vi/LC_MESSAGES/messages.po
.PHONY: messages
messages: .venv/.dev ## Bring the Vietnamese catalogue up to the strings of the program
	@pot=$$(mktemp --suffix=.pot); trap 'rm -f "$$pot"' EXIT; \
	$(BIN)/pybabel --quiet extract --mapping-file pyproject.toml --keywords "lazy plural:1,2 lazy_ngettext:1,2" \
		--no-location --sort-output --omit-header --output-file "$$pot" . ; \
	if [ -f $(CATALOGUE) ]; then action=update; extra="--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date"; \
	else action=init; extra=""; mkdir -p $(dir $(CATALOGUE)); fi; \
	$(BIN)/pybabel --quiet $$action --domain messages --input-file "$$pot" --output-file $(CATALOGUE) \
		--locale vi $$extra

.PHONY: screenshots
screenshots: .venv/.dev chromium ## Pictures of the documentation anew, and of every page below build/screenshots/
	@$(BIN)/python tests/browser/screenshots.py
	@$(BIN)/python tests/browser/pictures.py $(LOOKS)
