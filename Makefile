# algrid's commands. `make` alone lists them. Works with GNU make 3.81 (macOS) and newer.

GRID    ?= quickstart
RESULTS ?= results/$(basename $(notdir $(GRID)))
WORKERS ?=
PYTHON  ?=
PYTEST_ARGS ?=
TESTERS ?= 2
# packages in the home folder must not mix with the pinned ones
export PYTHONNOUSERSITE := 1

# An active conda environment (other than base) is used as it is; else .venv is made.
ENV := .venv
ifneq ($(CONDA_PREFIX),)
ifneq ($(CONDA_DEFAULT_ENV),base)
ENV := $(CONDA_PREFIX)
endif
endif
BIN  := $(ENV)/bin
CORE := $(ENV)/.algrid-core
LAB  := $(ENV)/.algrid-lab
ALL  := $(ENV)/.algrid-all

# A moved checkout, or an environment whose Python is gone, is set up again whatever the stamps say.
STALE := $(shell test -x "$(BIN)/python" && test "$$(cat "$(ENV)/.algrid-home" 2>/dev/null)" = "$$(pwd -P)" || echo stale)

.DEFAULT_GOAL := help
.PHONY: help grid status notebooks figures paper lab test lint types bench setup setup-all lock clean stale

help:
	@echo 'algrid: an active-learning experiment grid. Targets (the environment is set up by itself):'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo 'Variables: GRID=quickstart|FILE.yaml  WORKERS=N  RESULTS=FOLDER  PYTEST_ARGS=...  PYTHON=PATH'

# --- experiments ---

# A grid whose levels need the text extra gets an environment that has it.
GRID_FILE  := $(firstword $(wildcard $(GRID)) $(wildcard algrid/grids/$(GRID).yaml))
TEXT       := embedding:|tokens:|transformer:|setfit:|@small_text
NEEDS_TEXT := $(if $(GRID_FILE),$(shell grep -Eqs '^[^\#]*($(TEXT))' "$(GRID_FILE)" && echo yes))
FOR_GRID   := $(if $(NEEDS_TEXT),$(ALL),$(CORE))

grid: $(FOR_GRID) ## run a grid and print its leaderboard (GRID=quickstart, WORKERS=all cores)
	@$(BIN)/algrid run "$(GRID)" $(if $(WORKERS),--workers $(WORKERS))

status: $(FOR_GRID) ## how far a grid is
	@$(BIN)/algrid status "$(GRID)"

figures: $(CORE) ## draw every figure of finished results (RESULTS=results/quickstart)
	@$(BIN)/algrid figures "$(RESULTS)" --all

notebooks: $(LAB) ## execute every notebook on RESULTS, into RESULTS/notebooks/
	@$(BIN)/python tools/notebooks.py "$(RESULTS)"

paper: $(ALL) ## run the grid paper_small, draw every figure, and make a report of all notebooks
	@$(BIN)/algrid run paper_small $(if $(WORKERS),--workers $(WORKERS))
	@$(BIN)/algrid figures results/paper_small --all
	@$(BIN)/python tools/notebooks.py results/paper_small

lab: $(LAB) ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab --notebook-dir=.

# --- development ---

test: $(ALL) ## run the tests (PYTEST_ARGS="-k store")
	@$(BIN)/python -m pytest -n $(TESTERS) --dist loadfile -m "not slow and not cluster" $(PYTEST_ARGS)

lint: $(ALL) ## check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(ALL) ## check types
	@$(BIN)/mypy

bench: $(CORE) ## run the benchmarks
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

setup: $(CORE) ## only set up what `make grid` needs
	@echo 'The environment $(ENV) has the core.'

setup-all: $(ALL) ## only set up what `make test` needs
	@echo 'The environment $(ENV) has the core and every extra.'

lock: $(CORE) ## make requirements/*.lock and environment.yml from pyproject.toml (UPGRADE=1: newest versions)
	@$(BIN)/python -m venv --clear build/lock
	@build/lock/bin/python -m pip install -qq uv packaging
	@build/lock/bin/python tools/lock.py $(if $(UPGRADE),--upgrade)

clean: ## remove .venv and caches; results/ and data/ stay
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis dask-worker-space
	find $(wildcard algrid benchmarks notebooks tests tools) \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

$(ENV)/.algrid-%: requirements/%.lock pyproject.toml tools/setup.sh $(STALE)
	@PYTHON="$(PYTHON)" sh tools/setup.sh "$(ENV)" $*

stale:
