# The two commands that matter: `make book` builds the course, `make test` checks it. `make help` lists the rest.
# A machine needs Python 3.11 or newer, git and make; everything else is installed into .venv.

PYTHON ?= python3
PORT   ?= 8000
FAULTS ?= 150
COPIES ?= student

VENV    := .venv
PY      := $(VENV)/bin/python
# Two processes, each with whole files: a notebook and a browser keep what they began with. The files come in their own
# order, long ones early; xdist would begin with those of many tests, and one process would wait for the other at the end.
PYTEST  := $(PY) -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder
INSTALLED := $(VENV)/.installed
LOWEST  := $(shell sed -n 's/^requires-python = ">=\(.*\)"$$/\1/p' pyproject.toml)
HTML    := _build/html
BUILT   := _build/.built

# Whatever can change a page. A changed file of the package runs every notebook again.
SOURCES := _config.yml _toc.yml pyproject.toml tests/coverage_map.py $(wildcard *.md) \
	$(shell find chapters api book dlcourse -type f ! -name '*.pyc' ! -path '*/.*' ! -name '* *' 2>/dev/null)
CODE := $(wildcard dlcourse book tests benchmarks)

# No test and no notebook may depend on the threads or the locale of one machine.
export PYTHONUTF8 = 1
# Our matrices are small: a second BLAS thread costs more than it brings, and many times more on a busy machine.
export OPENBLAS_NUM_THREADS = 1
export OMP_NUM_THREADS = 1
# Some images forbid Python to keep what it compiled; each of some hundred processes would compile NumPy and Matplotlib anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := book
.DELETE_ON_ERROR:
.PHONY: book test lint unit notebooks browser serve lab outputs student nightly coverage mutants bench vendor bundle lock links audit chromium install clean help

## book: build the course into _build/html (clean run of every notebook, warnings are errors)
book: $(BUILT)
	@echo "The course is built. Open $(CURDIR)/$(HTML)/index.html in a browser (no server needed), or run: make serve"

# Always from nothing: Sphinx and myst-nb decide by a notebook's own text whether it is stale, and would keep
# pictures drawn by an older dlcourse. The stamp is as old as
# the start of the build (what changed meanwhile is built next time), and an interrupted build leaves none.
$(BUILT): $(INSTALLED) $(SOURCES)
	rm -rf _build && mkdir _build && touch _build/.building
	$(PY) -c "from jupyter_book.cli.main import main; main()" build . --all -W --keep-going --path-output . $(BOOKFLAGS)
	@test -f $(HTML)/index.html
	@mv _build/.building $@

## install: make .venv with the locked requirements and the package
install: $(INSTALLED)

# Without its stamp an existing .venv is the remains of an interrupted install, so it is made anew.
$(VENV)/.locked: requirements.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= tuple(map(int, "$(LOWEST)".split("."))) or sys.exit("The course needs Python $(LOWEST) or newer; $(PYTHON) is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	@test -f $@ && $(PY) -m pip --version >/dev/null 2>&1 || { rm -rf $(VENV) && $(PYTHON) -m venv $(VENV); }
	@rm -f $@
	$(PY) -m pip install --disable-pip-version-check --quiet --no-deps --no-compile -r requirements.txt
	@touch $@

$(INSTALLED): $(VENV)/.locked pyproject.toml
	$(PY) -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

## test: lint, types, unit tests, every notebook, and the built book in a real browser
test: $(BUILT) chromium
	$(PY) -m ruff check $(CODE)
	$(PY) -m ruff format --check $(CODE)
	$(PY) -m mypy dlcourse
	$(PYTEST) $(PYTESTFLAGS)

# The parts of `make test`, for work on one of them.
## lint: style and types alone
lint: $(INSTALLED)
	$(PY) -m ruff check $(CODE)
	$(PY) -m ruff format --check $(CODE)
	$(PY) -m mypy dlcourse

## unit: the tests that need neither notebooks nor a browser
unit: $(INSTALLED)
	$(PYTEST) --ignore=tests/browser --ignore=chapters $(PYTESTFLAGS)

## notebooks: every notebook runs and prints what it printed
notebooks: $(INSTALLED)
	$(PYTEST) chapters $(PYTESTFLAGS)

## browser: the built book in a real browser
browser: $(BUILT) chromium
	$(PYTEST) tests/browser $(PYTESTFLAGS)

## nightly: what takes minutes: every notebook run in JupyterLab and its sliders moved, faults put into a copy, the how-to pages followed
nightly: $(INSTALLED) chromium
	$(PYTEST) tests -m nightly $(PYTESTFLAGS)

## coverage: does every line and branch of the engine have a test that reaches it?
coverage: $(INSTALLED)
	$(PYTEST) tests/autodiff tests/nn tests/test_automatic_differentiation.py tests/test_optimizer.py \
		--cov=dlcourse/autodiff --cov-branch --cov-fail-under=100 --cov-report=term-missing $(PYTESTFLAGS)

## mutants: do the tests notice faults? Puts some into a copy of the engine, the networks and the optimisers (FAULTS=150)
mutants: $(INSTALLED)
	$(PY) -m pip install --disable-pip-version-check --quiet --constraint requirements.txt cosmic-ray
	$(PY) tests/mutants.py --count $(FAULTS)

chromium: $(INSTALLED)
	@$(PY) tests/browser/chromium.py

## serve: show the built course on localhost (PORT=8000)
serve: $(BUILT)
	@echo "The course: http://127.0.0.1:$(PORT)/   (stop with Ctrl-C)"
	@$(PY) -c 'import socket; socket.create_server(("127.0.0.1", $(PORT))).close()' 2>/dev/null || \
		{ echo "Port $(PORT) is taken, or not to be had. Try: make serve PORT=8001"; exit 1; }
	@$(PY) -m http.server --bind 127.0.0.1 --directory $(HTML) $(PORT)

# With settings of ours, below those of the reader: a saved notebook keeps its explorables (book/lab).
## lab: open the chapters as notebooks in JupyterLab (as root, in a container: LABFLAGS=--allow-root)
lab: $(INSTALLED)
	JUPYTER_CONFIG_PATH="$(CURDIR)/book/lab$${JUPYTER_CONFIG_PATH:+:$$JUPYTER_CONFIG_PATH}" $(PY) -m jupyterlab chapters $(LABFLAGS)

## outputs: run every chapter and keep the outputs that tests compare, strip the rest
outputs: $(INSTALLED)
	$(PY) book/outputs.py

## student: the notebooks without their solutions, for class, in student/ (COPIES=folder); writes over nothing that was edited
student: $(INSTALLED)
	@$(PY) book/student.py "$(COPIES)"

## bench: run every benchmark
bench: $(INSTALLED)
	@set -e; for benchmark in $(wildcard benchmarks/*.py); do echo "== $$benchmark"; $(PY) $$benchmark; done

## bundle: rebuild the browser code in dlcourse/live/static from js/ (needs Node)
bundle:
	cd js && npm ci && npm run build

## links: ask every address that the book links to whether it is still there (needs the network)
links: $(INSTALLED)
	$(PY) -c "from jupyter_book.cli.main import main; main()" build . --builder linkcheck --path-output _build/links

# Tools for the lock itself have an environment of their own: they are needed when the locked one can no longer be installed.
BESIDE := rm -rf .tools && $(PYTHON) -m venv .tools && .tools/bin/python -m pip install --disable-pip-version-check --quiet

## audit: are weaknesses known of what the two locks pin? (needs the network)
audit:
	$(BESIDE) pip-audit
	.tools/bin/python -m pip_audit --strict --requirement requirements.txt --no-deps --disable-pip && rm -rf .tools
	cd js && npm audit

## vendor: renew MathJax and the icon font in book/static/vendor (needs Node)
vendor: $(INSTALLED)
	$(PY) -m pip install --disable-pip-version-check --quiet --constraint requirements.txt 'fonttools[woff]'
	$(PY) book/vendor.py

## lock: renew requirements.txt from the ranges in pyproject.toml
lock:
	$(BESIDE) uv
	@printf '%s\n' '# Every package of the environment, pinned. Written by `make lock` from the ranges in pyproject.toml.' > requirements.txt.new
	.tools/bin/python -m uv pip compile --quiet --upgrade --universal --python-version $(LOWEST) --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links \
		--extra live --extra figures --extra training --extra book --extra lab --extra test pyproject.toml >> requirements.txt.new
	mv requirements.txt.new requirements.txt && rm -rf .tools

## clean: remove everything that was made, the environment too; only student/ stays, which may have been edited
clean:
	rm -rf _build $(VENV) .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov requirements.txt.new js/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:
	@sed -n 's/^## /make /p' $(MAKEFILE_LIST)
