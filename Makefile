# The two commands: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin

# `make run PORT=8001 DATA_DIR=/tmp/second` runs a second stack beside the first.
export PORT DATA_DIR CLOUD_VAULT

.DEFAULT_GOAL := help
.PHONY: help run run-cloud test test-postgres test-slow check check-deploy format bench load clean

help: ## List the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: .venv/run.stamp ## Run the whole service on this machine, http://127.0.0.1:8000 (PORT= and DATA_DIR= move it)
	@$(BIN)/python manage.py up

run-cloud: .venv/dev.stamp ## The same over stand-ins for Amazon's services and a PostgreSQL (CLOUD_VAULT=s3-glacier or glacier)
	@$(BIN)/python -m sandbox.cloud

test: .venv/dev.stamp ## Run the test suite (REQUIRE_ALL=1 makes a missing program a failure)
	@$(BIN)/python -m pytest -n 2 -m "not slow" $(TESTS)

test-postgres: .venv/dev.stamp ## Run the tests that open a database on a PostgreSQL of their own (TESTS= for some)
	@$(BIN)/python -m tests.postgres $(TESTS)

test-slow: .venv/dev.stamp ## Run the tests that take minutes: 200 jobs at once, a million records
	@$(BIN)/python -m pytest -m slow $(TESTS)

check: .venv/dev.stamp ## Lint, types, import contracts, migrations, templates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/djlint --lint --quiet templates

check-deploy: .venv-deploy/stamp .venv/dev.stamp ## Look for unsafe settings in the template (checkov, in .venv-deploy)
	@$(BIN)/python deploy/render.py > .venv-deploy/template.json
	@.venv-deploy/bin/checkov --framework cloudformation --file .venv-deploy/template.json --skip-download --compact --quiet

format: .venv/dev.stamp ## Format the Python code; templates are laid out by hand and linted by check
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/dev.stamp ## Measure the engine and the service; ratios within one run (RECORDS=1000000)
	@$(BIN)/python -m bench

load: .venv/dev.stamp ## Let many people use a stack at once (USERS=200 LOAD_SECONDS=180)
	@$(BIN)/python -m bench.load

clean: ## Remove the virtual environment and caches; data under var/ stays
	rm -rf .venv .venv-deploy .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "GAS runs on Python 3.11 to 3.13; this is %d.%d. Give another: make run PYTHON=python3.12" % sys.version_info[:2])'
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt | .venv/bin/python
	@echo "Installing requirements.txt into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt requirements.txt | .venv/bin/python
	@echo "Installing requirements-dev.txt into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/run.stamp

# checkov pins old releases of much that GAS uses, so it has a place of its own.
.venv-deploy/stamp: requirements-deploy.txt | .venv/bin/python
	@echo "Installing requirements-deploy.txt into .venv-deploy"
	@$(BIN)/python -m venv .venv-deploy
	@.venv-deploy/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-deploy.txt
	@touch $@
