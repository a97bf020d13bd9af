# Two commands are enough: `make run` and `make test`. GNU make 3.81 and python3 >= 3.11 is all they need.
# PYTHON=/path/to/python3.12 chooses the interpreter that .venv is made with.

PY := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help run demo test lint e2e prove bench screenshots editor pins wheels replay venv clean

help: ## what can be done here
	@echo "mAI Usage: meter, ledger, dashboard and billing desk for resold LLM usage"
	@echo
	@grep -E '^[a-z0-9-]+:.*## ' Makefile | sed -e 's/:.*## /|/' | awk -F'|' '{ printf "  make %-12s %s\n", $$1, $$2 }'

run: venv ## start API, pages and jobs together; with demo data when no client is set up
	@$(PY) -m mai_core serve --local

demo: venv ## the same, always with demo data (kept apart in data/demo)
	@MAI_DEMO=true $(PY) -m mai_core serve --local

test: venv ## all tests but the browser and the long loops
	@echo "Running the tests (pytest) ..."
	@$(PY) -m pytest -q -n auto --dist loadfile $(PYTEST_FLAGS) $(TESTS)

lint: venv ## ruff (rules and format) and mypy --strict
	@echo "Checking style (ruff) ..."
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@echo "Checking types (mypy --strict) ..."
	@$(PY) -m mypy --strict mai_core jobs routers nbp_service api.py

e2e: venv ## drive the pages in a real browser (chromium)
	@echo "Driving the pages in a browser ..."
	@$(PY) -m pytest -q -m e2e $(TESTS)

prove: venv ## the long proofs: processes killed in loops, faults injected
	@echo "Proving (this takes minutes) ..."
	@$(PY) -m pytest -q -m prove $(TESTS)

bench: venv ## measure; prints ratios
	@$(PY) -m benchmarks

screenshots: venv ## make the pictures of the README from demo data
	@$(PY) -m tools.screenshots

editor: ## build the SQL page's editor from its source (needs node and npm)
	@command -v npm >/dev/null || { echo "make editor needs node 20 or newer with npm: https://nodejs.org"; exit 1; }
	@cd pages/parts/sql_editor/frontend && npm ci --ignore-scripts --no-fund --no-audit --loglevel=error && node build.mjs

pins: ## make requirements.txt from requirements.in (needs uv)
	@command -v uv >/dev/null || { echo "make pins needs uv: https://docs.astral.sh/uv/ (pipx install uv)"; exit 1; }
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-header -q requirements.in -o requirements.txt

wheels: venv ## prove that every pin has a wheel for Linux x86_64, Linux arm64 and macOS arm64
	@$(PY) -m tools.wheels

replay: ## replay the Dockerfile's steps in a clean folder
	@sh tools/prepare_venv.sh >/dev/null
	@$(PY) -m tools.replay_dockerfile

venv:
	@sh tools/prepare_venv.sh

clean: ## remove .venv and caches (never data/)
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
