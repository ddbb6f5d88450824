# `make` alone explains the targets. Nothing here needs Docker, Node, root or an AWS account; only
# `deploy` and `smoke` need an account, and `sandbox` a package of the system.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
# Many short-lived Pythons start here; compiling the CDK anew takes each of them seven seconds.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(shell command -v python3.13 || command -v python3)
PYTEST := python -m pytest --timeout=300
# What has a target of its own.
APART := --ignore=tests/sandbox --ignore=tests/gaps --ignore=tests/benchmarks
# A build of CodeBuild runs as root, and needs a second user: root of a namespace will do.
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo unshare --user --map-root-user --map-auto)
UV_SYNC := uv pip sync --quiet --require-hashes
# CDK says nothing about itself: no telemetry, no notices, no version checks.
export CDK_DISABLE_CLI_TELEMETRY := true
export CDK_DISABLE_VERSION_CHECK := 1
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1

help:  ## explain the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

demo: ready  ## the main job end to end: real PostgreSQL, the real stack on a local AWS (KEEP=1: stays up to play)
	python -m local.demo $(if $(KEEP),--keep)

# Half of the tests wait for something most of the time, so there are twice as many workers as the
# two cores of a small machine. What lint says comes last; the tests don't wait for it.
test: ready  ## all tests, with the coverage gate, and lint at the same time
	mkdir -p build; $(MAKE) --no-print-directory lint >build/lint.log 2>&1 & lint=$$!; tests=0; \
	$(PYTEST) tests $(APART) --cov --numprocesses=4 || tests=$$?; \
	wait $$lint || { cat build/lint.log; echo 'make lint failed: see above.' >&2; exit 1; }; \
	cat build/lint.log; exit $$tests

sandbox: boxable ready build/sandbox/installed  ## backups and drills with AWS's own runtime, in a sandbox like Lambda's
	$(PYTEST) tests/sandbox --ignore=tests/sandbox/test_builds_like_codebuild.py --numprocesses=2
	$(AS_ROOT) $(PYTEST) tests/sandbox/test_builds_like_codebuild.py

test-dates: ready  ## the tests of dates and times, on ten other days (over an hour; Linux; ARGS='--drawn COMMIT': one)
	python -m tests.dates $(ARGS)

lint: ready  ## style, types, and which package may import which
	ruff check --quiet .
	ruff format --quiet --check .
	mypy
	lint-imports --no-cache

layers: ready  ## build the Lambda layers, both architectures
	python -m layers

synth: ready  ## the CloudFormation templates, into cdk.out/
	cdk synth --quiet $(ARGS)

settings: ready  ## move the settings of an earlier version out of cdk.json, into lifeboat.toml
	python -m infra.move_settings

deploy: ready  ## deploy to your AWS account; checks before and after (ARGS='-c key=value')
	python -m infra.deployment $(ARGS)

bill: ready  ## what installations of several sizes cost a month, without storage
	python -m infra.bill
	python -m infra.job_bill

smoke: ready  ## test everything in your AWS account; asks first (ARGS=--plan only shows the plan)
	python -m tests.smoke $(ARGS)

bench: ready  ## compare speed and memory with other ways (one to two hours; writes docs/benchmarks.*; ARGS='--parts pinned tls': only these)
	python -m benchmarks $(ARGS)

test-benchmarks: ready  ## test that the benchmarks compare equal things (two minutes)
	$(PYTEST) tests/benchmarks --numprocesses=2

faults: ready  ## the fault campaign (writes docs/faults.md)
	$(PYTEST) tests -m fault --faults-table docs/faults.md --numprocesses=4

mutants: ready  ## find changes of the policies that no test notices (about an hour; ARGS='recovery/verdict model/row_counts')
	python -m tests.mutants $(ARGS)

gaps: ready  ## which patches ministack still needs; run it after a change of its version (three minutes)
	$(PYTEST) tests/gaps --numprocesses=2

races: ready  ## random DDL against running dumps (SECONDS=600, ARGS='--seed 7 --majors 14 18')
	python -m tests.races --seconds $(or $(SECONDS),600) $(ARGS)

walk: ready  ## how many files and records a backup, a drill and a restore go through (ARGS=restore names them)
	python -m tests.walk $(ARGS)

steps: ready  ## what each job makes a person type (docs/what-to-type.md; ARGS=--time types it, and says how long it takes)
	python -m tests.steps $(ARGS)

lock: .venv/installed  ## resolve the dependencies again, into requirements/ and package-lock.json
	for group in bootstrap functions dev localaws sandbox; do \
	  uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url \
	    --custom-compile-command 'make lock' --group pyproject.toml:$$group -o requirements/$$group.txt; \
	done
	for group in cli cloudshell; do \
	  uv pip compile --quiet --universal --python-version 3.9 --generate-hashes --no-emit-index-url \
	    --custom-compile-command 'make lock' --group pyproject.toml:$$group -o requirements/$$group.txt; \
	done
	npm install --package-lock-only

reference: ready  ## write docs/reference.md and docs/schemas/ from the models
	python -m tools.reference

pictures: ready  ## draw docs/pictures/ for the README, with the Chromium of this machine
	python -m tools.pictures

release: ready  ## tag the version of pyproject.toml; refuses a dirty checkout or a version without changes
	python -m tools.release

clean:  ## remove everything that was installed or built
	rm -rf .venv .venv-localaws node_modules build cdk.out .coverage .*_cache .hypothesis

ready: .venv/installed .venv/bin/lifeboat .venv-localaws/installed node_modules/installed

# With uv on the machine it makes the environment; with Python 3.13 alone, uv is installed first.
.venv/installed: requirements/bootstrap.txt requirements/dev.txt
	if command -v uv >/dev/null; then uv venv --quiet --allow-existing --python 3.13 .venv; else \
	  '$(PYTHON)' -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13) and "Install uv, or Python 3.13.")'; \
	  '$(PYTHON)' -m venv .venv; \
	  .venv/bin/python -m pip install --quiet --require-hashes -r requirements/bootstrap.txt; fi
	$(UV_SYNC) --python .venv/bin/python requirements/dev.txt
	touch $@

# Our own code is not installed, but found where it stands; so is the command line's.
.venv/bin/lifeboat: Makefile .venv/installed
	printf '%s\n' '$(CURDIR)/functions' '$(CURDIR)/cli' '$(CURDIR)' > .venv/lib/python3.13/site-packages/lifeboat.pth
	printf '%s\n' '#!/bin/sh' 'exec "$(CURDIR)/.venv/bin/python" -m lifeboat_cli "$$@"' > $@
	chmod +x $@

# The local AWS runs our functions in its own interpreter, which must not see our tools.
.venv-localaws/installed: requirements/localaws.txt .venv/installed
	uv venv --quiet --allow-existing --python .venv/bin/python .venv-localaws
	$(UV_SYNC) --python .venv-localaws/bin/python requirements/localaws.txt
	touch $@

# Of the AWS SAM CLI only Lambda's emulator is wanted; its Python client is what runs functions.
build/sandbox/installed: requirements/sandbox.txt .venv/installed
	rm -rf build/sandbox
	$(UV_SYNC) --python .venv/bin/python --target build/sandbox/runtime requirements/sandbox.txt
	mv build/sandbox/runtime/samcli/local/rapid/aws-lambda-rie-x86_64 build/sandbox/aws-lambda-rie
	rm -r build/sandbox/runtime/{samcli,aws_sam_cli-*,bin}
	touch $@

boxable:
	@if [ "$$(uname -sm)" != 'Linux x86_64' ]; then \
	  echo 'make sandbox needs Linux on x86-64: it runs what Lambda runs there.' >&2; exit 1; fi
	@if ! command -v bwrap >/dev/null; then \
	  if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
	    echo 'Install bubblewrap first, e.g.: sudo apt-get install bubblewrap' >&2; exit 1; fi; \
	  apt-get update -qq; apt-get install -qq -y bubblewrap; fi
	@if [ "$$(id -u)" != 0 ] && ! command -v newuidmap >/dev/null; then \
	  echo 'Install uidmap first, e.g.: sudo apt-get install uidmap' >&2; exit 1; fi

# Node and npm come from PyPI with the rest; from npm come the CDK's command line and Neon's contract.
node_modules/installed: package-lock.json .npmrc .venv/installed
	npm ci --silent
	touch $@

.PHONY: help demo test test-dates sandbox lint layers synth deploy bill smoke bench faults mutants gaps
.PHONY: pictures races walk steps test-benchmarks settings lock reference release clean ready boxable
