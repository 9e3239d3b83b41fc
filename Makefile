# One command each; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CELLS ?= CellA,CellB,CellC
NODE_PACKAGES := runc containernetworking-plugins iproute2 util-linux mount

.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: venv
venv: $(VENV)/.made ## the virtual environment with everything that is needed

$(VENV)/.made: setup.py pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: Python 3.11 or newer is needed; choose one with: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "make: no venv could be made; on Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

.PHONY: cluster-up
cluster-up: venv ## a Kubernetes control plane with simulated nodes on this machine (CELLS=CellA,CellB)
	@$(BIN)/python -m testbed up --cells $(CELLS)

.PHONY: cluster-down
cluster-down: venv ## end it
	@$(BIN)/python -m demo.realnodes
	@$(BIN)/python -m demo.scenes --end
	@$(BIN)/python -m testbed down

.PHONY: cluster-env
cluster-env: venv ## what to export to use it: eval "$$(make cluster-env)"
	@$(BIN)/python -m testbed env

.PHONY: lint
lint: venv ## style, types and the order of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@# The archives run on macOS and Windows as well: what these lack is found here.
	$(BIN)/mypy --no-warn-unreachable --platform win32 --cache-dir .mypy_cache/win32 kubectl_cafe statemachine
	$(BIN)/mypy --no-warn-unreachable --platform darwin --cache-dir .mypy_cache/darwin kubectl_cafe statemachine
	$(BIN)/lint-imports --no-logo

NODE ?= sim
.PHONY: demo
demo: venv ## the main job: a cluster and a release in place (NODE=real, or CONTEXT=name V1=image V2=image)
ifdef CONTEXT
	@$(BIN)/python -m demo --context $(CONTEXT) --old "$(V1)" --new "$(V2)"
else ifeq ($(NODE),real)
	@$(BIN)/python -m testbed up --cells $(CELLS)
	@$(BIN)/python -m demo --node real
else
	@$(BIN)/python -m testbed up --cells $(CELLS)
	@$(BIN)/python -m demo
endif

SCENE ?=
.PHONY: scene
scene: venv ## the state that a section of docs/ begins with, on that cluster: SCENE=waiting (without it: the list)
	@$(BIN)/python -m demo.scenes $(SCENE)

.PHONY: picture
picture: venv ## docs/status.svg anew: the live view of a release on the cluster that is up
	@$(BIN)/python -m demo.picture

.PHONY: bench
bench: venv ## figures: start-up, requests and wall time of releases, seconds without a driver
	@$(BIN)/python -m bench

SITE ?= https://kubectl-cafe.invalid
.PHONY: dist
dist: venv ## what users install: archive, checksums, bill of materials, krew's manifest (SITE=the project's page)
	@$(BIN)/python -m bundle --site "$(SITE)"

.PHONY: test
test: venv machine ## every test (tests/node needs Linux and root; its absence is said, and fails under CI)
	$(BIN)/pytest -n 3 --dist loadgroup

# What a real node needs beyond Python: installed where that is possible, else said in one line.
.PHONY: machine
machine: venv
	@$(BIN)/python -m testbed node-check > /dev/null 2>&1 || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(NODE_PACKAGES) > /dev/null; \
		fi; }
	@$(BIN)/python -m testbed node-check || echo "tests/node WILL NOT RUN (see the line above)"

.PHONY: docs
docs: venv ## write docs/commands (from each command's help), docs/fields.md and docs/faults.md anew
	@$(BIN)/python -m tests.pages
	@$(BIN)/python -m tests.faults

.PHONY: mutate
mutate: venv ## take each guard out of the product in turn and see its test fail (ONLY="name tests/unit")
	@$(BIN)/python -m tests.mutate $(ONLY)

.PHONY: explore
explore: venv ## every sequence of events up to a bound, over the engine in memory; writes docs/exploration.md
	@$(BIN)/python -m tests.explore --write-docs

.PHONY: replay
replay: venv ## recorded releases once more, on a control plane: the same writes as before (RECORD=1 records)
	$(BIN)/pytest -q -n 3 tests/recorded/replays.py

SAMPLE ?= 0
SEED ?= 1
.PHONY: mutants
mutants: venv ## change the deciding code place by place and expect a test to fail; hours (or SAMPLE=300 SEED=1)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[mutants]'
	@$(BIN)/python -m tests.mutants --sample $(SAMPLE) --seed $(SEED)
