# Everything runs from .venv, which the first target that needs it makes. PYTHON names the interpreter to make it with.

PYTHON ?= python3
PYTEST_ARGS ?= -n 2
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet

# Two test processes on two cores: one thread each, or they take turns waiting for each other.
test check: export OMP_NUM_THREADS ?= 1

.PHONY: run test check bench parity fuzz docs gallery wheel clean

run: $(VENV)/installed
	$(BIN)/archdsl compile specs/resnet.arch

test: $(VENV)/installed-test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m pytest $(PYTEST_ARGS)

bench: $(VENV)/installed-test
	$(BIN)/python -m benchmarks

parity: $(VENV)/installed-test
	$(BIN)/python -m tests.parity
	$(BIN)/python -m tests.formats
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.devices full
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --slow -m slow
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.devices.faults

fuzz: $(VENV)/installed-test
	$(BIN)/python -m tests.fuzz

docs: $(VENV)/installed
	$(BIN)/python -m archdsl.reference docs

gallery: $(VENV)/installed
	$(BIN)/python -m archdsl.draw.gallery specs docs/gallery
	$(BIN)/python -m archdsl.reference docs

wheel: $(VENV)/installed
	rm -rf build
	$(BIN)/python -m pip wheel --disable-pip-version-check --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis

# torch and torchvision are released in pairs, so each of these resolves all it needs in one go.
$(VENV)/installed: $(VENV)/made pyproject.toml
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-test: $(VENV)/made pyproject.toml
	$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-dev: $(VENV)/made pyproject.toml
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/installed $(VENV)/installed-test

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo 'archdsl needs Python 3.10 or later: make PYTHON=/path/to/python3' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@
