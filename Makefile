PYTHON ?= python3
STAMP := .venv/.installed

.PHONY: help test check clean
help: ## Print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(STAMP): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	.venv/bin/python -m pip install --quiet --no-deps --editable .
	touch $@

check: $(STAMP) ## Lint, format, types, layers
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

test: check ## Everything that a change must pass
	.venv/bin/pytest

clean: ## Remove the environment
	rm -rf .venv
