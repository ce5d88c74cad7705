# `make run` starts the dashboard, `make test` tests it. Both put what they need into .venv first.

SETUP_PYTHON := $(or $(PYTHON),python3)
BOOTSTRAP = command -v "$(SETUP_PYTHON)" >/dev/null || { \
	echo "There is no $(SETUP_PYTHON) here: install Python 3.11 or newer, or name one, as in PYTHON=/usr/bin/python3.12 make $@." >&2; \
	exit 1; }; exec "$(SETUP_PYTHON)" dashboard/bootstrap.py
PRODUCTION = PUBLIC_URL=https://dashboard.example.com \
	SECRET_KEY=only-for-this-check-abcdefghijklmnopqrstuvwxyz-0123456789 \
	CREDENTIAL_KEYS=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=

# Containers often set it; then each of the many processes that we start would compile all of the dashboard anew.
unexport PYTHONDONTWRITEBYTECODE

SPREAD = -n auto --dist loadfile --no-loadscope-reorder

.PHONY: run test fuzz bench soak lint audit tools
.DEFAULT_GOAL := run

run:
	@$(BOOTSTRAP) run

test: tools
	@.venv/bin/python -m tests.chromium
	.venv/bin/python -m pytest $(SPREAD) $(ARGS)

fuzz: tools
	HYPOTHESIS_PROFILE=fuzz .venv/bin/python -m pytest $(SPREAD) -m fuzz $(ARGS)

# CASES=first,sweep for some of them; ARGS=--small for a quick look.
comma := ,
bench: tools
	.venv/bin/python -m tests.bench $(subst $(comma), ,$(CASES)) $(ARGS)

# MINUTES=3 for a shorter one; ARGS=--seed=7 for the kills of another one, at the same moments.
soak: tools
	.venv/bin/python -m tests.soak $(addprefix --minutes=,$(MINUTES)) $(ARGS)

lint: tools
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	$(PRODUCTION) .venv/bin/python manage.py check --deploy --fail-level WARNING
	$(PRODUCTION) .venv/bin/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

# Apart from the rest: a new advisory somewhere must not turn a tree red that was green yesterday.
audit: tools
	.venv/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	.venv/bin/python -m pip_audit --requirement requirements.txt --no-deps --disable-pip

tools:
	@$(BOOTSTRAP) tools
