# The commands of a day's work. `make` lists them.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help setup run test fuzz audit check format bench bench-peers rebuild train lock clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## make the environment in .venv from requirements.lock
	@:

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; say which: make setup PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing into .venv (a minute or two, once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

run: setup ## start the server with demo data at 127.0.0.1:8000; Ctrl-C stops it
	@trap : INT; $(BIN)/projectionist serve --demo || [ $$? -eq 130 ]

test: setup ## run the tests; T=path runs some of them
	@$(BIN)/python -m pytest -n 3 --dist worksteal $(T)

fuzz: N := 20000
fuzz: SEED := $(shell date +%s)
fuzz: setup ## send N=20000 odd inputs to a server; SEED=1 sends those of another run again
	@echo "make fuzz N=$(N) SEED=$(SEED)"
	@FUZZ_INPUTS=$(N) $(BIN)/python -m pytest tests/fuzz -n 2 --timeout 3600 --hypothesis-profile=search --hypothesis-seed=$(SEED)

audit: setup ## ask what is known of holes in the locked packages; says so where nobody can be asked
	@$(BIN)/python -m tests.audit
	@touch .venv/.audited

check: setup ## format, lint, types, import contracts, schema file, and the audit once a day
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/projectionist schema --check
	@[ "$$(find .venv/.audited -newer requirements.lock -mmin -1440 2>/dev/null)" ] || $(MAKE) --no-print-directory audit

format: setup ## format the code and sort its imports
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

bench: setup ## run the benchmarks; B="append --quick" runs one of them, briefly
	@$(BIN)/python -m benchmarks $(B)

bench-peers: setup ## the same queries on PostGraphile, Mercurius and Apollo Server (needs npm); B=--quick for one short round
	@$(BIN)/python -m benchmarks peers $(B)

rebuild: setup ## rebuild a projection from the log: P=name
	@$(BIN)/projectionist projections rebuild $(P)

train: setup ## train a recommender from the log, and let it serve
	@$(BIN)/projectionist recsys train --promote

lock: setup ## resolve requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --upgrade \
	  --no-emit-index-url --extra dev --python-version 3.11 --output-file requirements.lock pyproject.toml

clean: ## remove .venv, caches, and .projectionist WITH ITS DATA, after stopping the embedded servers
	@[ ! -d .projectionist ] || [ ! -x $(BIN)/python ] || $(BIN)/python -m app.embedded .projectionist
	@rm -rf .projectionist .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
