# Two commands: `make demo` and `make test`. Each makes the environment it needs in .venv.

PYTHON ?= python3
BIN := .venv/bin
DEMO ?= demo-studio

.PHONY: demo test lint unit survival clean

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

# What other programs leave of our pictures; says which of them to install. Writes docs/survival.md.
survival: .venv/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pyoxipng
	$(BIN)/python -m tests.survival

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
