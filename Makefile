# Everything runs in a virtual environment that these targets create: only Python >= 3.11 and make are needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOWEST := .venv-lowest
EMPTY := .venv-empty
PIP := -m pip --disable-pip-version-check --quiet install
# Every folder with an __init__.py. Edits are seen at once; only a file that comes or goes needs a new installation.
PACKAGES := $(filter-out tests tests/% build/%,$(patsubst %/__init__.py,%,$(wildcard $(addsuffix __init__.py,*/ */*/ */*/*/ */*/*/*/))))
# Links to the folders above, under the names that they are imported by. They need the stamp beside them.
INSTALLED := build/installed

.DEFAULT_GOAL := help

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

install: $(INSTALLED) ## Create .venv with an editable karyo-split and what tests and checks need

$(VENV)/created:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "karyo-split needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) 'setuptools>=77'
	@touch $@

# "strict" makes links instead of an import hook: mypy and the documentation follow links only.
$(INSTALLED): $(VENV)/created pyproject.toml $(PACKAGES)
	$(BIN)/python $(PIP) --no-build-isolation --config-settings editable_mode=strict --editable '.[dev]'
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

test-lowest: ## Run the tests with the lowest versions that pyproject.toml allows, on Python 3.11
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "the lowest versions are those of Python 3.11: make test-lowest PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(LOWEST)
	$(LOWEST)/bin/python $(PIP) uv
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST) --resolution lowest-direct --only-binary :all: -r pyproject.toml --extra test
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST) --no-deps .
	@rm -rf build/lib *.egg-info
	$(LOWEST)/bin/pytest

test-packages: install ## Build sdist and wheel, install each into an empty environment, split the example there
	rm -rf dist *.egg-info
	$(BIN)/python -m build --no-isolation
	set -e; for package in dist/*; do \
	    $(PYTHON) -m venv --clear $(EMPTY); \
	    $(EMPTY)/bin/python $(PIP) "$$package"; \
	    $(EMPTY)/bin/karyo-split weights verify; \
	    $(EMPTY)/bin/karyo-split examples/metaphase.tif --out $(EMPTY)/masks; \
	done
	rm -rf $(EMPTY)

# File modes and times go into a wheel: they are those of the commit, so that everybody builds the same bytes.
release: install ## Build the wheel that everybody else builds too, and a list of what it needs (CycloneDX), into dist/
	rm -rf dist build/release && mkdir -p dist build/release
	git archive HEAD | tar x -C build/release
	chmod -R u=rwX,go=rX build/release
	cd build/release && SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) ../../$(BIN)/python -m build --no-isolation --outdir ../../dist
	$(PYTHON) -m venv --clear $(EMPTY)
	$(EMPTY)/bin/python $(PIP) dist/*.whl
	$(BIN)/python $(PIP) 'cyclonedx-bom>=5'
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file dist/karyo-split.cdx.json $(EMPTY)/bin/python
	rm -rf $(EMPTY) build/release
	sha256sum dist/*

check: install ## Lint, check the format, and check the types of the installed package
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd $(VENV) && bin/mypy --config-file ../pyproject.toml --python-executable bin/python -p karyo_split

format: install ## Put code into the format that `make check` asks for
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

docs: install ## Build the documentation site into site/
	$(BIN)/zensical build --strict --clean

clean: ## Remove the environments and what was built
	rm -rf $(VENV) $(LOWEST) $(EMPTY) site build dist *.egg-info masks .pytest_cache .mypy_cache .ruff_cache .hypothesis .cache

.PHONY: help install demo test test-lowest test-packages release check format docs clean
