# Quarry: two commands. `make run` installs, prepares, indexes the demonstration and serves; `make test` tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-bounds install install-test lint clean

run: $(VENV)/.installed
	@$(BIN)/quarry run

install: $(VENV)/.installed

install-test: $(VENV)/.installed-test

test: $(VENV)/.installed-test
	@$(BIN)/python -m pytest

# The kernels read and write memory by address: their tests once more, compiled to check every index.
test-bounds: $(VENV)/.installed-test
	@QUARRY_CACHE=$(CURDIR)/build/bounds NUMBA_BOUNDSCHECK=1 $(BIN)/python -m pytest -q tests/retrieval/lexical tests/indexer/segment

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/.installed: requirements-build.lock requirements.lock requirements-models.lock pyproject.toml
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh tools/install.sh requirements.lock
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements-test.lock
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh tools/install.sh requirements-test.lock
	@touch $@

clean:
	rm -rf $(VENV) data
