# Every target does its own set-up: a machine needs only Python 3.11 or newer, GNU make 3.81 or newer, and git.
# ARGS is passed on, as in: make test ARGS="-k carousel"

.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first Python that is new enough; name another one with: make PYTHON=/path/to/python3
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(IS_NEW_ENOUGH)' 2>/dev/null && echo $$python && break; done)
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ARGS ?=
# Of make chaos: random runs, and the seed of their faults.
N ?= 2000
SEED ?= 1

# All paths are relative, so that a space in the name of the checkout's folder does no harm.
BIN := .venv/bin
READY := .venv/.ready
INFRA_READY := .venv/.infra-ready
ENGINES_READY := .venv/.engines-ready

.PHONY: help demo serve test engines check fix bench bench-check chaos docs synth deploy destroy lock clean distclean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(READY)  ## Publish a sample carousel with a video in the sandbox and print its timeline
	$(BIN)/python -m sandbox.demo $(ARGS)

serve: $(READY)  ## Start the sandbox and stay up; what it stores is kept in build/sandbox
	$(BIN)/postwright sandbox serve --keep build/sandbox $(ARGS)

test: $(READY) $(INFRA_READY)  ## Run all tests
	@$(MAKE) --no-print-directory $(ENGINES_READY) || echo "npm cannot install them: tests of other engines are skipped."
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 $(ARGS)

engines: $(ENGINES_READY)  ## Run the state machine file on other engines and through their checkers
	$(BIN)/pytest tests/engines $(ARGS)

check: $(READY)  ## Check format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fix: $(READY)  ## Format, and repair what the linter can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## Measure simulator, preflight, hashtag searches, the life of tokens, what posts cost, cold starts and how all grows, and write bench/results (an hour; ARGS="cold costs" for some)
	$(BIN)/python -m bench $(ARGS)

bench-check: $(READY)  ## Measure into build/bench and name each figure that got worse than the committed one (ARGS="cold costs" for some benches)
	$(BIN)/python -m bench.check $(ARGS)

chaos: $(READY)  ## Run the workflow under faults, N runs, and write build/chaos.json (N=2000: about 20 minutes)
	$(BIN)/python -m tests.chaos --runs $(N) --seed $(SEED) $(ARGS)

docs: $(READY)  ## Write the pages and the picture that are generated from code and data
	$(BIN)/python -m docs.generate

synth: $(INFRA_READY)  ## Write the CloudFormation template to cdk.out and check it (ARGS="-c NAME=VALUE" for settings)
	@$(BIN)/python -m infra.packaging
	@$(CDK_NODE) $(BIN)/python -m infra.app $(ARGS)
	@$(BIN)/cfn-lint --ignore-checks W3005 -- cdk.out/*.template.json && echo "cfn-lint: clean"

# W3005 finds DependsOn that a reference implies. The CDK writes them, and they do no harm.
CDK_NODE := JSII_NODE="$$PWD/$(BIN)/node"
CDK := PATH="$$PWD/$(BIN):$$PATH" npx --yes aws-cdk@2.1148.1 --app cdk.out

deploy: $(INFRA_READY)  ## Deploy it to the AWS account and region at hand, after preparing both if nobody has (ARGS as for synth)
	@$(SIGNED_IN)
	@$(MAKE) synth
	@$(BIN)/aws cloudformation describe-stacks --stack-name CDKToolkit >/dev/null 2>&1 || $(CDK) bootstrap
	@$(CDK) deploy --all --require-approval never --outputs-file build/outputs.json

destroy: $(INFRA_READY)  ## Delete what was deployed; table, media and users stay, unless it was made with deleteData
	@$(SIGNED_IN)
	@$(MAKE) synth
	@$(CDK) destroy --all

# The SDK for Python reads the one, everybody else the other.
ifdef AWS_REGION
export AWS_DEFAULT_REGION ?= $(AWS_REGION)
endif

SIGNED_IN := $(BIN)/aws sts get-caller-identity >/dev/null 2>&1 || { echo "There are no AWS credentials that work." \
	"Set AWS_PROFILE, sign in with \`aws sso login\` or \`aws configure\`, and try again."; exit 1; }; \
	[ -n "$$AWS_REGION$$AWS_DEFAULT_REGION" ] || $(BIN)/aws configure get region >/dev/null 2>&1 || { \
	echo "There is no AWS region. Set AWS_REGION, for example AWS_REGION=eu-west-1."; exit 1; }

lock: $(READY)  ## Update the pinned dependencies in requirements/ (needs network; ARGS=--upgrade for newer ones)
	$(BIN)/uv pip compile $(LOCK) --group dev --all-extras -o requirements/dev.txt $(ARGS) pyproject.toml
	$(BIN)/uv pip compile $(LOCK) --group infra -c requirements/dev.txt -o requirements/infra.txt $(ARGS) pyproject.toml
	$(BIN)/uv pip compile $(LOCK) $(IN_RUNTIME) --extra preflight -c requirements/dev.txt -o requirements/lambda.txt $(ARGS) pyproject.toml

# One file for every platform and Python from 3.11 up, with hashes, and without the name of a package host.
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	--no-emit-package postwright

# Lambda's runtime has boto3, and what only boto3 needs.
IN_RUNTIME := $(patsubst %,--no-emit-package %,boto3 botocore s3transfer python-dateutil six urllib3)

clean:  ## Delete build output and caches
	rm -rf build cdk.out .mypy_cache .pytest_cache .ruff_cache
	find . -name .venv -prune -o -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## Delete .venv too
	rm -rf .venv

# A fresh environment, or the one at hand brought up to date with the lock. The stamp is written last, so that
# an interrupted set-up is done again. uv, whose own lines of the lock pip installs first, needs a sixth of pip's
# time; it does not read pip's settings, so pip does it where uv reaches no index.
$(READY): requirements/dev.txt pyproject.toml
	@"$(PYTHON)" -c '$(IS_NEW_ENOUGH)' 2>/dev/null || { \
	  echo "Postwright needs Python 3.11 or newer, and none was found." \
	    "Install one, or name one: make PYTHON=/path/to/python3"; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Setting up .venv from requirements/dev.txt, once ..."
	@"$(PYTHON)" -m venv .venv
	@awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' requirements/dev.txt > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@$(BIN)/uv pip install --quiet --python .venv --require-hashes -r requirements/dev.txt || \
	  $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

# The CDK with its Node is ten times as large as all the rest, so only those targets get it that need it.
$(INFRA_READY): requirements/infra.txt $(READY)
	@echo "Adding the CDK to .venv from requirements/infra.txt, once ..."
	@$(BIN)/uv pip install --quiet --python .venv --require-hashes -r requirements/infra.txt || \
	  $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements/infra.txt
	@touch $(INFRA_READY)

# Other engines come from npm. The lock has versions and hashes, and no address.
$(ENGINES_READY): tests/engines/package.json tests/engines/package-lock.json $(INFRA_READY)
	@echo "Adding other engines to .venv from tests/engines/package-lock.json, once ..."
	@mkdir -p .venv/engines
	@cp tests/engines/package.json tests/engines/package-lock.json .venv/engines
	@PATH="$$PWD/$(BIN):$$PATH" npm ci --prefix .venv/engines --silent --ignore-scripts --fetch-retries=0 --fetch-timeout=30000
	@touch $(ENGINES_READY)
