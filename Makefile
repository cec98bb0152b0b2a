# make help lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ORDERS ?= 1000000

.DEFAULT_GOAL := help
.PHONY: help run build test test-long lint format bench docs sample lock clean

help:  ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1|/' | awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(VENV)/installed  ## build the warehouse and print the shop's retention figures
	$(BIN)/dbt build --exclude-resource-type unit_test
	@$(BIN)/python -m orchestration.summary

test: $(VENV)/installed-dev  ## all tests but those that take minutes
	$(BIN)/pytest -m "not long"

test-long: $(VENV)/installed-dev  ## the long tests too: many more random shops
	$(BIN)/pytest

lint: $(VENV)/installed-dev  ## ruff and sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint --disable-progress-bar models tests/data

format: $(VENV)/installed-dev  ## let ruff and sqlfluff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --disable-progress-bar models tests/data

bench: $(VENV)/installed  ## time and memory of each model on ORDERS=1000000 generated orders, beside a floor
	$(BIN)/python bench/run.py --orders $(ORDERS)

docs: $(VENV)/installed  ## the models' documentation as pages under target/
	$(BIN)/dbt docs generate

sample: $(VENV)/installed  ## write sample_data/raw anew
	$(BIN)/python sample_data/generate.py

lock: pyproject.toml  ## write the lock files anew (needs uv)
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-strip-extras --generate-hashes \
		--no-header --no-annotate --upgrade --extra dev pyproject.toml -o requirements-dev.lock
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-strip-extras --generate-hashes \
		--no-header --no-annotate -c requirements-dev.lock pyproject.toml -o requirements.lock

clean:  ## remove what was built, not the environment
	rm -rf target logs warehouse/*.duckdb warehouse/*.wal warehouse/bench

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Stammkunde needs Python 3.11, 3.12 or 3.13; $(PYTHON) is another or is missing (make PYTHON=python3.12 ...)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "Python's venv module is incomplete; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/installed: requirements.lock | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/installed
