# Each target is enough on its own on a machine with Python 3.11 or later: it first makes what is missing.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
# One process has all tests with Spark, and so one session; the other has the rest.
SIDE_BY_SIDE := -n 2 --dist loadscope

.PHONY: help demo test test-all check bench docs wheel clean java azurite kafka chromium

help: ## Print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(INSTALLED) java ## Take 14 days of real sales from Bronze through Silver to Gold
	$(BIN)/lakehouse run retail

test: check java azurite kafka chromium ## What every change must pass: the checks, and the quick tests
	$(BIN)/pytest $(SIDE_BY_SIDE)

test-all: check java azurite kafka chromium ## The slow tests too: kills, a cluster, long properties
	$(BIN)/pytest $(SIDE_BY_SIDE) -m "slow or not slow"

check: $(INSTALLED) ## Lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED) java ## Every claim about speed, side by side in one run (DATA=FOLDER: more days of sales)
	@failed=; for claim in benchmarks/*.py; do \
		echo "== $$claim"; LAKEHOUSE_RETAIL_DAYS="$(DATA)" $(BIN)/python "$$claim" || failed="$$failed $$claim"; \
	done; [ -z "$$failed" ] || { echo "these did not finish:$$failed"; exit 1; }

docs: .venv-docs/.installed ## Build the site into site/; a link that leads nowhere fails
	.venv-docs/bin/zensical build --clean --strict

wheel: $(INSTALLED) ## Build dist/lakehouse-*.whl
	$(BIN)/python -m hatchling build -t wheel -d dist

clean: ## Remove what the targets above made
	rm -rf .venv .venv-docs .node dist site warehouse

java: $(INSTALLED)
	@scripts/ensure-java $(BIN)/python

kafka: $(INSTALLED) java
	@scripts/ensure-kafka $(BIN)/python

azurite:
	@scripts/ensure-azurite

chromium:
	@scripts/ensure-chromium

# The lock names versions and hashes of everything, the build's own tools included: nothing else is fetched.
$(INSTALLED): requirements/dev.txt pyproject.toml
	@scripts/ensure-venv $(PYTHON)
	$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# The site is built from the sources' text: it needs none of the packages above, and they need none of its.
.venv-docs/.installed: requirements/docs.txt
	@scripts/ensure-venv $(PYTHON) .venv-docs
	.venv-docs/bin/python $(PIP_INSTALL) --require-hashes -r requirements/docs.txt
	@touch $@
