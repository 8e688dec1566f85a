# Every target sets itself up in .venv; nothing else is needed than Python 3.11+, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo test check clean
help:
	@echo 'make demo    simulate a month of a small service, load it, ask it three questions'
	@echo 'make test    run all tests'
	@echo 'make check   lint, format, types, import contracts, tests'
	@echo 'make clean   remove the virtual environment and the demo'

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'sparkify needs Python 3.11 or newer: set PYTHON=python3.x'; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP)
	@$(BIN)/sparkify demo demo

test: $(STAMP)
	@$(BIN)/python -m pytest

check: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest

clean:
	rm -rf $(VENV) demo
