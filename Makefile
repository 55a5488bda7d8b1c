# Every command does its own set-up: a fresh Debian 12 machine needs make, and root or sudo.
.DEFAULT_GOAL := help
.PHONY: sbom help setup setup-check setup-test check audit test bench bench-web chaos fuzz fuzz-api openapi backfill backfill-feeds ingest train drift logs lint dashboard feeds-replay demo demo-check up down status schemas backtest clean
SHELL := /bin/sh
PYTHON := .venv/bin/python
STACK := $(PYTHON) -m local_stack
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## Install and build what is missing (the first time: 3 to 8 minutes, about 11 GiB)
	@local/bootstrap/run.sh

setup-test: ## The same, with what only tests need (a browser)
	@local/bootstrap/run.sh --test

setup-check: ## The same, with what only checks need (semgrep, bandit, pip-audit)
	@local/bootstrap/run.sh --check

demo: ## Start everything, replay real sites in time-lapse, forecast, seal, report; Ctrl-C ends it; PRODUCT=us-demand-24h SETS=folder: docs/products.md
	@local/bootstrap/run.sh --then -m local_stack demo $(if $(PRODUCT),--product $(PRODUCT)) $(if $(SETS),--sets $(SETS))

demo-check: ## The same without a person: ends by itself, fails if any part of the path did not happen
	@local/bootstrap/run.sh --then -m local_stack demo --check

up: setup ## Start everything in the background
	@$(STACK) up --detach

down: ## Stop everything
	@$(STACK) down

status: ## Processes, memory, addresses
	@$(STACK) status

check: setup-check ## Formatting, lint, types, layering, size and security rules, generated files
	@$(PYTHON) local/tools/check.py

audit: setup-check ## Known vulnerabilities of the pinned packages (pip-audit), where a source of advisories answers
	@$(PYTHON) local/tools/advisories.py

test: setup-test ## All tests: Python, contracts, front end, the whole path on real servers; ONLY=folder for one
	@$(PYTHON) local/tools/all_tests.py $(ONLY)

bench: setup-test ## Measure one group beside its peers: GROUP=ingest, ONLY=module for one of its parts
	@$(PYTHON) -m tests.bench $(or $(GROUP),ingest) $(ONLY)

bench-web: setup-test ## Measure the chart beside its peers, and the live page against the running stack: script, paint, shift, heap; MINUTES=60 for the goal
	@node tests/bench/web/charts.mjs
	@MINUTES=$(or $(MINUTES),2) node tests/bench/web/page.mjs

chaos: setup-test ## Kill every process of the path again and again under load, and prove that nothing is lost
	@$(PYTHON) -m tests.chaos --tier full

fuzz: setup ## Contracts: 100,000 runs of each fuzz test, 1,000 x 500 calls under the invariants of each token; hours
	@cd blockchain && npm run --silent fuzz

fuzz-api: setup ## Ask every REST interface 10,000 made-up questions, in process: no answer may break its document
	@API_CASES=10000 $(PYTHON) -m pytest -q --timeout=7200 tests/api/test_made_up_questions.py

backfill: setup ## Bring Kafka's history through Bronze, Silver and Gold; with the stack stopped, what Bronze holds
	@$(STACK) run streaming_processor.lake backfill

backfill-feeds: setup ## Fill the providers' history into Kafka: FROM=2023-01-01 TO=2026-01-01 ONLY=us,de; the same again goes on where it stopped
	@$(STACK) run ingestion_gateway.feeds backfill --from $(or $(FROM),2023-01-01) --to $(or $(TO),2026-01-01) $(if $(ONLY),--only $(ONLY))

ingest: setup ## Follow the providers of load, weather and prices until Ctrl-C: ONLY=us,de (keys: docs/sources.md)
	@$(STACK) run ingestion_gateway.feeds $(if $(ONLY),--only $(ONLY))

train: setup ## Ask the running stack for a training of every model, and say what the gate decided
	@$(PYTHON) -m local_stack.ask retrain

drift: setup ## Ask the running stack for a drift check; a drift asks for a training by itself
	@$(PYTHON) -m local_stack.ask drift-check

logs: ## Follow the logs of the stack's processes until Ctrl-C
	@tail -n 5 -F .local/log/*.log

lint: check ## The same as check

dashboard: ## Where the pages are, and whether they answer
	@$(STACK) status | grep -E '^ *dashboard|not running'

feeds-replay: setup ## Serve recorded answers of the providers: RECORDINGS=folder; then FEEDS_REPLAY_URL=http://127.0.0.1:28032
	@$(PYTHON) -m ingestion_gateway.feeds.replay --recordings $(or $(RECORDINGS),ingestion-gateway/tests/feeds/recordings)

backtest: setup ## Forecast public data from a rolling origin beside its peers: SET=name or all, MODELS=a,b for some of them
	@$(PYTHON) -m forecast_service.backtest --set $(or $(SET),vic-none) $(if $(MODELS),--models $(MODELS))

openapi: setup ## Write the OpenAPI and AsyncAPI documents in docs/openapi again
	@$(PYTHON) -m tests.api.test_documents

schemas: setup ## Write the JSON schemas of all messages again
	@$(PYTHON) -m gridseal.wire.schemas gridseal/schemas

sbom: setup ## What is installed (CycloneDX) and under which licences, in .local/sbom
	@$(PYTHON) local/tools/sbom.py

clean: ## Stop everything and remove all state and tools of this checkout
	@local/clean.sh
