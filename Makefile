# make help lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUPERSET := .venv-superset
# The versions of DuckDB that docs/connect.md names, each in an environment of its own.
READERS := .venv-readers
READER_VERSIONS := 1.4.4 1.5.5 2.0.0

# An option of the command, where it was given.
option = $(if $(2),--$(1) "$(2)")

.DEFAULT_GOAL := help
.PHONY: help run dagster dashboard superset metrics semantic assistants accept rollback builds replay doctor backup restore demo-failure check map test test-long test-bi test-bi-quick test-spark test-spark-quick spark-up \
	spark-down lint hooks format real bench docs sample lock clean

help:  ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1|/' | awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(VENV)/$(if $(findstring spark,$(TARGET)),installed-spark,installed)  ## refresh: build, check and publish the marts, and print the shop's retention figures
	@$(BIN)/stammkunde run $(call option,raw,$(RAW)) $(call option,mapping,$(MAPPING)) $(call option,target,$(TARGET)) $(call option,as-of-date,$(AS_OF_DATE)) $(call option,replace-shop,$(REPLACE_SHOP))

dagster: $(VENV)/installed  ## open Dagster on 127.0.0.1:3000: the asset graph, runs, schedule and sensor
	@$(BIN)/stammkunde serve

dashboard: $(VENV)/installed-dashboard  ## open the dashboard on 127.0.0.1:8501: what the published figures say, in German and English
	@$(BIN)/stammkunde dashboard

superset: $(VENV)/installed $(SUPERSET)/installed  ## open Apache Superset on 127.0.0.1:8088, in an environment of its own, with a dashboard of the published figures
	@$(BIN)/python -m dashboard.superset.start

assistants: $(VENV)/installed-assistants  ## what an assistant (Claude Desktop, Cursor, VS Code) needs to ask for the published figures
	@$(BIN)/stammkunde mcp --show-config

metrics: $(VENV)/installed-semantic  ## ask the published file for metrics: QUERY="customer_churn_rate --group-by metric_time__month"; without, lists them
	@$(BIN)/stammkunde metrics $(QUERY)

semantic: $(VENV)/installed  ## write models/semantic/metrics.yml again, after a change of the glossary or of what is described
	$(BIN)/python -m semantic.write

accept: $(VENV)/installed  ## let the last blocked build through, once: REASON="why its figures are right"
	@$(BIN)/stammkunde accept --reason "$(REASON)"

rollback: $(VENV)/installed  ## bring the published build before back
	@$(BIN)/stammkunde rollback $(call option,replace-shop,$(REPLACE_SHOP)) $(call option,to,$(TO))

builds: $(VENV)/installed  ## list the refreshes and what became of them
	@$(BIN)/stammkunde builds

replay: $(VENV)/installed  ## how often the gate would have alarmed in the shop's own past year, and limits that fit it
	@$(BIN)/stammkunde replay $(call option,raw,$(RAW)) $(call option,mapping,$(MAPPING)) $(call option,from,$(FROM)) $(call option,every,$(EVERY))

doctor: $(VENV)/installed  ## look at all that refreshes left, and say what is wrong; stammkunde doctor --mend mends it
	@$(BIN)/stammkunde doctor

backup: $(VENV)/installed  ## put what cannot be rebuilt, and what is published, into FILE=backup.tar
	@$(if $(FILE),,$(error say which file: make backup FILE=backup.tar))$(BIN)/stammkunde backup "$(FILE)"

restore: $(VENV)/installed  ## bring it back from FILE=backup.tar
	@$(if $(FILE),,$(error say which file: make restore FILE=backup.tar))$(BIN)/stammkunde restore "$(FILE)"

demo-failure: $(VENV)/installed  ## break the sample shop in three ways and see each refresh blocked (about two minutes)
	@$(BIN)/python -m examples.broken_shops

check: $(VENV)/installed  ## what RAW=folder holds and what would become of it, before it is built
	@$(BIN)/stammkunde check $(call option,raw,$(RAW)) $(call option,mapping,$(MAPPING))

map: $(VENV)/installed  ## propose a mapping for RAW=file
	@$(if $(RAW),,$(error say which file: make map RAW=path/to/file.csv))$(BIN)/stammkunde map --raw "$(RAW)"

test: $(VENV)/installed-dev  ## the tests; of claims with many cases the first
	$(BIN)/pytest -m "not long and not spark and not bi" -n 2 --dist loadfile --no-loadscope-reorder

test-long: $(VENV)/installed-dev  ## the long tests too: all cases, many more random shops
	$(BIN)/pytest -m "not spark and not bi" -n 2 --dist loadfile --no-loadscope-reorder

test-bi: $(VENV)/installed-dev $(SUPERSET)/installed $(READERS)/installed  ## Superset's dashboard in a browser, and the published file in other versions of DuckDB
	$(BIN)/pytest -m bi

test-bi-quick: $(VENV)/installed-dev $(READERS)/installed  ## of them those without Superset
	$(BIN)/pytest -m bi tests/test_readers.py

test-spark: $(VENV)/installed-spark  ## Spark's marts against DuckDB's, row by row (needs Java; some 20 minutes)
	$(BIN)/pytest -m spark

test-spark-quick: $(VENV)/installed-spark  ## the smallest case of them
	$(BIN)/pytest -m "spark and quick"

spark-up: $(VENV)/installed-spark  ## start a Spark cluster on this machine; then: dbt build --target spark
	@$(BIN)/python -m spark.cluster up

spark-down: $(VENV)/installed-spark  ## end it and remove its folder, the tables in it included
	@$(BIN)/python -m spark.cluster down

# On all cores. What Python says at the end of how sqlfluff shares them is of no use to anybody.
LINT_SQL = PYTHONWARNINGS=ignore:resource_tracker $(BIN)/sqlfluff lint --disable-progress-bar --processes 0

lint: $(VENV)/installed-dev  ## ruff, mypy, layers of imports, sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(LINT_SQL) models tests/data
	$(LINT_SQL) --templater raw orchestration/quality/sql
	$(LINT_SQL) --config intake/converting/sqlfluff.cfg intake/converting

hooks: $(VENV)/installed-dev  ## let git run the quick part of it before each commit
	$(BIN)/pre-commit install

format: $(VENV)/installed-dev  ## let ruff and sqlfluff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --disable-progress-bar models tests/data
	$(BIN)/sqlfluff fix --disable-progress-bar --templater raw orchestration/quality/sql

real: $(VENV)/installed-dev  ## build two real shops by mapping alone and compare with what others published of them
	@$(if $(ONLINE_RETAIL),ONLINE_RETAIL=$(ONLINE_RETAIL) )$(BIN)/python -m examples.real_shops

bench: $(VENV)/installed-spark  ## measure builds beside a floor, pandas and polars, and write docs/benchmarks.md (an hour)
	$(BIN)/python -m bench.run $(foreach size,$(ORDERS),--orders $(size)) $(foreach engine,$(ENGINES),--engines $(engine)) $(BENCH)

docs: $(VENV)/installed  ## the models' documentation as pages under target/
	@$(BIN)/stammkunde docs

sample: $(VENV)/installed  ## write sample_data/raw again
	$(BIN)/python sample_data/generate.py

COMPILE := uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-strip-extras --generate-hashes \
	--no-header --no-annotate --quiet pyproject.toml

lock: pyproject.toml  ## write the lock files again (needs uv)
	$(COMPILE) --extra dev --extra bench -o requirements-dev.lock
	$(COMPILE) -c requirements-dev.lock -o requirements.lock
	$(COMPILE) -c requirements-dev.lock --extra dashboard -o requirements-dashboard.lock
	$(COMPILE) -c requirements-dev.lock --extra semantic -o requirements-semantic.lock
	$(COMPILE) -c requirements-dev.lock --extra assistants -o requirements-assistants.lock
	$(COMPILE) -c requirements-dev.lock --extra spark -o requirements-spark.lock
	$(subst pyproject.toml,dashboard/superset/requirements.in,$(COMPILE)) -o requirements-superset.lock
	$(foreach version,$(READER_VERSIONS),echo duckdb==$(version) | $(subst pyproject.toml,-,$(COMPILE)) -o tests/readers/$(version).lock;)
	$(COMPILE) -c requirements-dev.lock --extra real --no-deps -o requirements-real.all
	sed -n '/^lifetimes/,/[^\\]$$/p' requirements-real.all > requirements-real.lock
	rm requirements-real.all

clean:  ## remove what was built; not the environment, not what is published, not the records that nothing can rebuild
	@if [ -e warehouse/spark_cluster ]; then $(BIN)/python -m spark.cluster down; fi
	rm -rf target logs warehouse/*.duckdb warehouse/*.wal warehouse/*.raw warehouse/*.state warehouse/*.collected warehouse/bench warehouse/real warehouse/spark*

# The project itself, where it lies: the command `stammkunde`. Nothing is fetched for it.
SELF = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index --no-build-isolation --editable .

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Stammkunde needs Python 3.11, 3.12 or 3.13; $(PYTHON) is another or is missing (make PYTHON=python3.12 ...)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "Python's venv module is incomplete; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV): about two minutes, once."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(SELF)
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock requirements-real.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV), with the tools of development: about three minutes, once."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-real.lock
	@$(SELF)
	@touch $@ $(VENV)/installed $(VENV)/installed-dashboard $(VENV)/installed-semantic $(VENV)/installed-assistants

$(VENV)/installed-dashboard $(VENV)/installed-semantic $(VENV)/installed-assistants: $(VENV)/installed-%: requirements-%.lock $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Superset pins hundreds of packages that the project has in other versions, or not at all.
$(SUPERSET)/installed: requirements-superset.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' \
		|| { echo "Superset needs Python 3.11 or 3.12; $(PYTHON) is another (make PYTHON=python3.12 ...)"; exit 1; }
	@echo "Installing Superset into $(SUPERSET): about two minutes, once."
	@$(PYTHON) -m venv --clear $(SUPERSET)
	$(SUPERSET)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-superset.lock
	@touch $@

$(READERS)/installed: $(READER_VERSIONS:%=$(READERS)/%/installed)
	@touch $@

$(READERS)/%/installed: tests/readers/%.lock
	@$(PYTHON) -m venv --clear $(READERS)/$*
	$(READERS)/$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/installed-spark: requirements-spark.lock $(VENV)/installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	@touch $@
