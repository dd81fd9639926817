# make demo   sets up everything, then plays the Lishui plan
# make test   style, types, tests        make bench   speed        make clean   removes what these made
# Uses uv where it is installed (locked versions), else Python 3.11 or newer with venv and pip. PYTHON=... picks one.

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
READY := .venv/.ready
UV := $(shell command -v uv 2>/dev/null)
LATER := $(if $(PYTHONDONTWRITEBYTECODE),,--no-compile) # bytecode is made when it is needed, which sets up faster
NEW := import sys; sys.exit(not (3, 11) <= sys.version_info < (4,))

.PHONY: demo test bench clean

demo: $(READY)
	$(BIN)/anju run lishui

test: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/python -m pytest -n auto --dist loadfile

bench: $(READY)
	$(BIN)/python -m benchmarks.report

clean:
	rm -rf .venv build dist .pytest_cache .ruff_cache .hypothesis
	find simulation scenarios experiments tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml uv.lock
ifneq ($(UV),)
	uv sync --frozen $(if $(PYTHON),--python $(PYTHON))
else
	@set -e; \
	for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python none; do \
	  if [ $$python = none ]; then \
	    echo "anju needs Python 3.11 or newer, and none was found: install one, or uv, or say make PYTHON=..." >&2; exit 1; \
	  fi; \
	  if $$python -c "$(NEW)" 2>/dev/null; then break; fi; \
	done; \
	echo "setting up .venv with $$python"; \
	$(BIN)/python -c "import pip; $(NEW)" 2>/dev/null || $$python -m venv --clear .venv || \
	  { echo "$$python cannot make environments: install its venv package (python3-venv), or uv" >&2; exit 1; }; \
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"; \
	$(BIN)/python -m pip install --quiet $(LATER) --editable . --group dev
endif
	@touch $(READY)
