.DEFAULT_GOAL := help
.PHONY: help run demo service test test-real check faults soak bench screenshots lock clean proofs mutations
PY ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do $$p -c "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes
UV := $(BIN)/python -m uv pip install -q --python $(BIN)/python --require-hashes
# What checks read the settings with: no developer's .env, and keys of their own.
ALONE := ENV_FILE=/dev/null DATA_DIR=.venv/check-data
# Side by side on every core, but for what a browser or a clock looks at: that has the machine to itself.
BESIDE := -n auto --dist loadfile --ignore=tests/browser --ignore=tests/boot
CHROMIUM_FOUND = CHROMIUM="$$(PY=$(BIN)/python sh tools/find_chromium.sh)" && export CHROMIUM

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' Makefile

# A stamp per lock file: a second call installs nothing until the lock changes. uv is a wheel from the same index;
# where it has none, pip reads the same hashed lock.
.venv/run.stamp: requirements.txt tools/uv.txt
	@$(BIN)/python -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || { \
		test -n "$(PY)" || { echo "Punctual needs Python 3.11 or newer with venv. Debian: apt install python3-venv. macOS: brew install python." >&2; exit 1; }; \
		echo "Setting up: packages go to .venv."; \
		"$(PY)" -m venv --clear .venv; }
	@$(PIP) --only-binary :all: -r tools/uv.txt 2>/dev/null && $(UV) -r requirements.txt || $(PIP) -r requirements.txt
	@touch $@
.venv/test.stamp: requirements-dev.txt .venv/run.stamp
	@$(UV) -r requirements-dev.txt 2>/dev/null || $(PIP) -r requirements-dev.txt
	@touch $@

run: .venv/run.stamp ## set up, then run web and worker on http://localhost:8000 (PORT, HOST, DATA_DIR, PUBLIC_URL)
	@exec $(BIN)/python -m tools.run

demo: .venv/run.stamp ## the same on a workspace full of posts, in data-demo
	@DATABASE_URL= REDIS_URL= DATA_DIR=data-demo exec $(BIN)/python -m tools.run --demo

service: .venv/run.stamp ## start at boot and now, through systemd
	@$(BIN)/python -m tools.service

test: .venv/test.stamp ## set up, then run every test, then those of database and queue on PostgreSQL and Redis
	@$(CHROMIUM_FOUND) && failed= && \
	if [ -n "$(ARGS)" ]; then $(BIN)/python -m pytest $(ARGS) || failed=1; else \
		$(BIN)/python -m pytest $(BESIDE) || failed=1; $(BIN)/python -m pytest tests/browser tests/boot || failed=1; fi; \
	$(BIN)/python -m tests.grown $(ARGS) || failed=1; \
	test -z "$$failed"

test-real: .venv/test.stamp ## publish to real servers, started for it
	@$(CHROMIUM_FOUND) && $(BIN)/python -m pytest tests/real $(ARGS)

check: .venv/test.stamp ## format, lint, types, migrations, architecture
	@failed=; \
	$(BIN)/ruff format --check -q . || { echo "Run: $(BIN)/ruff format ."; failed=1; }; \
	$(BIN)/ruff check -q . || failed=1; \
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} + || failed=1; \
	$(ALONE) $(BIN)/mypy || failed=1; \
	$(ALONE) $(BIN)/python -W error manage.py makemigrations --check --dry-run || failed=1; \
	$(BIN)/python -m pytest -q tests/test_architecture.py || failed=1; \
	test -z "$$failed"

faults: .venv/test.stamp ## the fault table, in scaled time (ROWS=1,13 SHAPES=embedded SEED=7)
	@$(BIN)/python -m tests.faults $(ARGS)

soak: .venv/test.stamp ## the fault table in real time and ten times as many; goes on where it was stopped (MINUTES=60)
	@$(BIN)/python -m tests.faults --real --json test-results/soak.json $(ARGS)

proofs: .venv/test.stamp ## the state machine, RUNS=2000 times (SEED=7)
	@$(BIN)/python -m tests.proofs $(or $(RUNS),2000) $(SEED)

mutations: .venv/test.stamp ## take out each guard: a test must turn red
	@$(BIN)/python -m tests.proofs.mutations $(ARGS)

bench: .venv/test.stamp ## the performance table, peers beside it, 20 min (QUICK=1: CI's part; FULL=1: all of it, hours)
	@$(BIN)/python -m tests.bench $(if $(QUICK),--quick) $(if $(FULL),--full) $(ARGS)

screenshots: .venv/test.stamp ## make the README's pictures again
	@$(CHROMIUM_FOUND) && $(BIN)/python -m tools.screenshots

lock: .venv/run.stamp ## write the lock files again from the .in files
	@for f in tools/uv requirements requirements-dev; do $(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header $$f.in -o $$f.txt; done

clean: ## remove packages, caches and the demo; the data stays
	rm -rf .venv .venv-bench data-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
