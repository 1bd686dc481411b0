# Two commands: `make demo` and `make test`. Each makes the environment it needs in .venv.

PYTHON ?= python3
BIN := .venv/bin
DEMO ?= demo-studio

.PHONY: demo test lint unit fuzz regeneration clean

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

# 100,000 damaged pictures; a finding can be repeated by its seed and number.
fuzz: .venv/.installed-test
	$(BIN)/python -m tests.fuzz --files 100000 --seed 1 --keep fuzzed

# 200 pictures of all kinds, each made again in another process and another order.
regeneration: .venv/.installed-test
	$(BIN)/python -m tests.regeneration --pictures 200

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
