# Every target sets itself up in .venv; nothing else is needed than Python 3.11+, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location -c constraints.txt
# By a path, so that `import sparkify` finds it beside a folder of that name, too: this clone.
EDITABLE := --config-settings editable_mode=compat -e
USED := $(VENV)/.used
STAMP := $(VENV)/.installed

.PHONY: help demo serve real core test lowest lint check torture bench clean docs notebook picture statements
help:
	@echo 'make demo    simulate a month of a small service, load it, run three sample queries'
	@echo 'make serve   keep a Redshift emulator up, for psql or any other client'
	@echo 'make real    rehearse on AWS: shows the price, asks, deletes everything; ARGS="--max-usd 1 --ttl 45m"'
	@echo 'make core    run a few tests of the loader and the star, on DuckDB'
	@echo 'make test    run the tests in a short form; K=expression: those whose names match, whole'
	@echo 'make lint    lint, format, types, import contracts'
	@echo 'make check   lint, and all tests'
	@echo 'make lowest  run all tests with the lowest versions that pyproject.toml allows'
	@echo 'make torture kill, cut, fuzz and crowd it for an hour or two'
	@echo 'make bench   time a load beside other ways to do it; SIZE=100k, 1m, 10m or 100m'
	@echo 'make statements   list again what is sent to a cluster (docs/statements.md)'
	@echo 'make docs    generate what README.md and docs/ show of tables and commands'
	@echo 'make notebook    run the cells of examples/tour.ipynb again'
	@echo 'make picture take the picture of the report for README.md again, with Chromium'
	@echo 'make clean   remove the virtual environment and the demo'

# What the demo needs, and the page; then what the tests need as well.
$(USED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'sparkify needs Python 3.11 or newer: set PYTHON=python3.x'; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) $(EDITABLE) '.[report]'
	@touch $@

$(STAMP): $(USED)
	@$(INSTALL) $(EDITABLE) '.[dev]'
	@touch $@

# What the demo shows is what a user would type, in a folder of its own.
define show
@printf '\n$$ sparkify %s\n' '$(1)'; cd demo && '$(CURDIR)/$(BIN)/sparkify' $(1)
endef

demo: $(USED)
	@mkdir -p demo
	@test -d demo/music || { printf '$$ sparkify simulate music --end yesterday\n'; cd demo && '$(CURDIR)/$(BIN)/sparkify' simulate music --end yesterday; }
	$(call show,etl --source music)
	$(call show,check)
	$(call show,ask most_played_songs --limit 5)
	$(call show,ask most_popular_artists --limit 5)
	$(call show,ask most_active_users --limit 10)
	@printf '\nThe warehouse is demo/sparkify.duckdb. What to try next:\n\n'
	@printf '  %s\n' 'cd demo && PATH="$(CURDIR)/$(BIN):$$PATH"' \
	    'sparkify ask                             # all questions' \
	    'sparkify ask plays_by_hour --format csv' \
	    'sparkify etl --source music              # again: nothing to do' \
	    'sparkify runs                            # the runs, and what each loaded' \
	    'sparkify report --open                   # the report for analysts' \
	    'sparkify query "SELECT level, COUNT(*) FROM songplay GROUP BY level"'

serve: $(STAMP)
	@$(BIN)/sparkify rehearse --serve $(ARGS)

real: $(STAMP)
	@$(BIN)/sparkify rehearse --real $(ARGS)

CORE := load star regular models
PYTEST = $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# The short form; under CI, with LONG=1 (make check) or with K, whatever these try.
test: $(STAMP)
	@FORM=$(if $(or $(CI),$(LONG),$(K)),,short) $(PYTEST) $(if $(K),-k '$(K)')

# What a change of the loader or the star breaks first.
core: $(STAMP)
	@$(PYTEST) -k 'not redshift' $(CORE:%=tests/test_%.py)

# The lower bounds of pyproject.toml are claims: the same tests, with the lowest version of each.
LOWEST := .venv-lowest
lowest:
	@test -x $(LOWEST)/bin/python || $(PYTHON) -m venv $(LOWEST)
	@$(PYTHON) tests/lowest.py > $(LOWEST)/constraints.txt
	@$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check -c $(LOWEST)/constraints.txt -e '.[dev]'
	@$(LOWEST)/bin/python -m pytest -n auto --dist loadfile -p no:cacheprovider $(ARGS)

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

check: export LONG = 1
check: lint test

torture: $(STAMP)
	@rm -f docs/torture.json
	@TORTURE=1 $(BIN)/python -m pytest -n 4 --dist load --maxschedchunk 1 --timeout 7200 tests/test_fuzz.py tests/test_s3_faults.py tests/test_kills.py \
	    tests/test_cuts.py tests/test_provision.py tests/test_crowd.py tests/test_dashboard.py tests/test_laws.py \
	    tests/test_laws_of_retraction.py tests/test_matching.py tests/test_model.py

# Each peer gets a venv of its own below benchmarks/scratch; none is a dependency of sparkify.
bench: $(STAMP)
	@$(BIN)/python benchmarks/run.py --size $(or $(SIZE),100k)

statements: $(STAMP)
	@$(BIN)/python -m tests.statements

docs: $(STAMP)
	@$(BIN)/python -m sparkify.cli.main tables show --format markdown > docs/tables.md
	@$(BIN)/python -m sparkify.cli.main tables show --format svg > docs/star.svg
	@$(BIN)/python -m sparkify.cli.main tables show --format svg --staging > docs/tables.svg
	@$(BIN)/python -c 'from sparkify.cli import main, reference; print(reference.reference(main.cli), end="")' > docs/reference.md

notebook: $(STAMP)
	@$(BIN)/python -m tests.notebook

picture: $(STAMP)
	@$(BIN)/python -m tests.picture

clean:
	rm -rf $(VENV) $(LOWEST) demo
