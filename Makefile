# Everything runs in a virtual environment that these targets create: only Python >= 3.11 and make are needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find karyo_split pipeline detector segmenter datasets study weights core -type f -not -path '*/__pycache__/*')

.DEFAULT_GOAL := help

help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(VENV)/installed ## Create .venv and install karyo-split with what tests and checks need

$(VENV)/created:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "karyo-split needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/dependencies: $(VENV)/created pyproject.toml
	$(BIN)/python -m pip install --disable-pip-version-check --quiet '.[dev]'
	@touch $@

$(VENV)/installed: $(VENV)/dependencies $(SOURCES) README.md
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --force-reinstall .
	@rm -rf build *.egg-info
	@touch $@

demo: install ## Split the example slide and say where to look
	$(BIN)/karyo-split examples/metaphase.tif --out masks --overwrite
	@echo
	@echo "Open       masks/metaphase/report.html      in a browser: the slide, its chromosomes, what needs review"
	@echo "Look at    masks/metaphase/preview.png      the slide with every chromosome outlined and numbered"
	@echo "Open       masks/metaphase/masks.ome.tif    label layers, in Fiji, QuPath or napari"
	@echo "Compute on masks/metaphase/chromosomes.csv  one row per chromosome (.json: COCO masks)"

test: install ## Run the tests
	$(BIN)/pytest

check: install ## Lint, check the format, and check the types of the installed package
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd $(VENV) && bin/mypy --config-file ../pyproject.toml --python-executable bin/python -p karyo_split

docs: install ## Build the documentation site into site/
	$(BIN)/mkdocs build --strict --quiet

clean: ## Remove the environment and what was built
	rm -rf $(VENV) site build *.egg-info masks .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help install demo test check docs clean
