# `make demo` and `make test` need Python 3.11, pip and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
KERNELS := $(VENV)/.kernels

.PHONY: demo test check lint bench setup clean trials chaos soak

setup: $(READY) $(KERNELS)

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[postgres,history,dev]'
	touch $(READY)

# numba keeps a compiled loop until the file that it stands in changes, even if what it calls has changed.
$(KERNELS): $(READY) $(shell grep -rl --include='*.py' numba monitor) monitor/detection/codes.py monitor/clustering/labels.py
	find monitor -name '*.nb[ic]' -delete
	touch $(KERNELS)

demo: setup
	$(BIN)/monitor demo --dir demo

test: setup
	$(BIN)/python -m pytest -n 2

# Speed: the kernels, a clip against the tutorial's way, the history of a pixel. A whole scene: --size full.
bench: setup
	$(BIN)/python -m pytest benchmarks/test_kernels.py -o addopts= --benchmark-columns=min,median,rounds
	$(BIN)/python benchmarks/full_scene.py --profile
	$(BIN)/python benchmarks/pixel_history.py

trials: setup
	$(BIN)/python -m pytest -m long

chaos: setup
	$(BIN)/python -m tests.chaos --kills 300 --scenes 60 --database sqlite
	$(BIN)/python -m tests.chaos --kills 300 --scenes 60 --database postgresql

soak: setup
	$(BIN)/python -m tests.soak --scenes 1000
	$(BIN)/python -m tests.soak --scenes 200 --faults

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

clean:
	rm -rf demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
