# `make` alone lists what can be made.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
TEST_ARGS ?=
NAME ?=
LAB_ARGS ?=
FRESH ?=
BENCH_ARGS ?=

RUN := $(VENV)/bin/python
ENVIRONMENT := $(VENV)/.made
KERNELS := .cache/kernels-warm
SOURCES := $(shell find toolkit -name '*.py')

.PHONY: help env book page new-page check-method serve lint test lab bench lock screenshot clean distclean

help:
	@echo "make book        build the book (environment included) and print its first page"
	@echo "make page        bring one page of the built book up to date, NAME=sparse_maps"
	@echo "make new-page    begin a chapter, NAME=my_chapter: its notebook, exercise and line of the contents"
	@echo "make check-method  only the tests of one method of the register, NAME=squareplus"
	@echo "make serve       serve the built book on localhost, PORT=$(PORT)"
	@echo "make lab         JupyterLab on copies of the notebooks, in work/; FRESH=1 makes new ones and keeps edited ones, dated"
	@echo "make lint        let ruff read all code, the notebooks' too; the rules and their reasons are in pyproject.toml"
	@echo "make test        lint, then run all tests; browser tests need a Chromium on PATH or in CHROMIUM, TEST_ARGS='--only live'"
	@echo "make bench       measure against other libraries, BENCH_ARGS='--quick', '--peer-python PYTHON' ..."
	@echo "make lock        write requirements.lock from pyproject.toml (LOCK_ARGS=--upgrade for newest versions)"
	@echo "make screenshot  photograph the first figure for README.md"
	@echo "make clean       remove what was built; make distclean removes the environment too"
	@echo "PYTHON=python3.12 chooses the Python of a new environment (3.11 or newer)"

$(ENVIRONMENT): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and "Python 3.11 or newer is needed, and $(PYTHON) is %d.%d: try make PYTHON=python3.12 ..." % v[:2])'
	@echo "Installing the packages of requirements.lock into $(VENV): about a minute."
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --disable-pip-version-check --quiet --no-compile --only-binary :all: -r requirements.lock
	$(RUN) -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(KERNELS): $(ENVIRONMENT) $(SOURCES)
	$(RUN) -m toolkit warm --all
	@mkdir -p $(@D) && touch $@

env: $(ENVIRONMENT)

book: $(ENVIRONMENT)
	@$(RUN) scripts/build_book.py

page: $(ENVIRONMENT)
	@$(RUN) scripts/build_book.py --page $(NAME)

new-page: $(ENVIRONMENT)
	@$(RUN) scripts/new_page.py $(NAME)

check-method: $(ENVIRONMENT)
	@$(RUN) scripts/check_method.py $(NAME)

serve: book
	@$(RUN) scripts/serve.py --port $(PORT)

lint: $(ENVIRONMENT)
	@$(RUN) -m ruff check

test: lint book
	@$(RUN) scripts/test.py $(TEST_ARGS)

lab: $(KERNELS)
	$(RUN) scripts/lab.py $(if $(FRESH),--fresh) $(LAB_ARGS)

bench: $(KERNELS)
	$(RUN) -m benchmarks $(BENCH_ARGS)

lock:
	$(PYTHON) scripts/lock.py $(LOCK_ARGS)

screenshot: book
	$(RUN) scripts/screenshot.py

clean:
	rm -rf _build .cache .pytest_cache .hypothesis
	find toolkit tests book scripts -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) *.egg-info
