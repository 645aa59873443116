# What a newcomer needs: `make demo` and `make test`. Both set up .venv by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo demo-reset test test-long mutants lint lock slack-schema wheel clean

install: $(STAMP)

# The lock is complete, so pip resolves nothing (--no-deps) and takes only what matches its hash.
$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(f"Hoshin needs Python 3.11 to 3.13; $(PYTHON) is {v[0]}.{v[1]}. Run: make PYTHON=python3.12" if not (3, 11) <= v <= (3, 13) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: install
	@$(BIN)/hoshin demo

demo-reset: install
	@$(BIN)/hoshin demo --reset

# Two workers reckon, which is as many as most machines have cores, and a third waits for servers and browsers:
# tests/sharing.py.
test: install
	@sh tests/browser.sh
	$(BIN)/python -m pytest -n 3

test-long: install
	@sh tests/browser.sh
	$(BIN)/python -m pytest -n 3 -m "long or not long"

# Hours; docs/mutation.md. `make mutants MUTANTS='cycles.periods.*'` takes one module. What was decided before is kept in mutants/.
mutants: .venv-mutants/.installed
	.venv-mutants/bin/mutmut run --max-children 1 $(MUTANTS)
	@.venv-mutants/bin/mutmut results --all true | sed -E 's/^ *cycles\.([a-z_]+)\..*: /\1 /' | sort | uniq -c

# A venv of its own: it brings what nothing else here needs.
.venv-mutants/.installed: requirements/dev.txt requirements/mutants.txt pyproject.toml
	$(PYTHON) -m venv .venv-mutants
	.venv-mutants/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	.venv-mutants/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/mutants.txt
	.venv-mutants/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Rewrites the locks from pyproject.toml; needs uv. No address of a registry is written.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements/run.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements/dev.txt
	uv pip compile requirements/mutants.in -c requirements/dev.txt --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/mutants.txt

# What Slack's own types say a message may be (tests/messages/slack_types); needs node and npm, the tests need neither.
slack-schema: install
	$(BIN)/python tests/messages/slack_types/generate.py

wheel: install
	$(BIN)/python -m build --no-isolation --wheel

clean:
	rm -rf $(VENV) .venv-mutants mutants dist .pytest_cache .mypy_cache .ruff_cache .hypothesis test-artifacts
