# Commands: `make demo`, `make test`, `make campaign`. Each makes the environment it needs in .venv.

PYTHON ?= python3
BIN := .venv/bin
DEMO ?= demo-studio

.PHONY: demo test lint unit campaign clean

demo: .venv/.installed
	$(BIN)/hotfolder demo $(DEMO)

test: lint unit

lint: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: .venv/.installed-test
	$(BIN)/python -m pytest

# Hours, and most of it as root on Linux; CAMPAIGN="kills --count 100" runs a part.
campaign: .venv/.installed-test
	$(BIN)/python -m campaigns $(CAMPAIGN)

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hotfolder needs Python 3.11 or later; name one: make demo PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/.installed-test: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

clean:
	rm -rf .venv
