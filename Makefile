# Two commands: `make lab` to read and play, `make test` to run every test.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help lab install test seeds bench oldest lint build site demo clean

PYTHON ?= python3
VENV ?= .venv
JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
BIN := $(VENV)/bin
SITE ?= build/site
STAMP := $(VENV)/.installed

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

install: $(STAMP)  ## create the virtual environment and install the course in it

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "The course needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another one like this: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@# Debian and Ubuntu ship Python without ensurepip, and venv needs it.
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is incomplete here: installing the python3-venv package."; \
	  SUDO=; [ "$$(id -u)" = 0 ] || SUDO="sudo -n"; \
	  { $$SUDO apt-get update -q && DEBIAN_FRONTEND=noninteractive $$SUDO apt-get install -qy python3-venv; } \
	  || { echo "That needs an administrator. Ask for: apt-get install python3-venv"; exit 1; }; }
	@echo "Creating $(VENV) and installing the course (a few minutes, 5 to 7 GB on Linux; once only)."
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -q \
	  -c constraints.txt -e '.[lab,grading,pages,dev]'
	@touch $@
	@echo "Installed."

lab: $(STAMP)  ## serve JupyterLab on the lectures
	@echo "Starting JupyterLab on the lectures. Stop it with Ctrl-C."
	@$(BIN)/python -m course_utils.lab

test: $(STAMP) lint  ## run all tests: style, types, built notebooks, package, notebooks, answers, grading
	@echo "== do the built notebooks agree with the manuscripts?"
	@$(BIN)/course build --check
	@echo "== tests, $(JOBS) at a time, one thread each: package, every notebook, every answer, grading"
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) \
	  --nbval --nbval-current-env --nbval-cell-timeout 300 \
	  tests $(wildcard lectures/*.ipynb) $(wildcard solutions/*/*.ipynb)

seeds: $(STAMP)  ## every answer of every exercise with three seeds, training included
	@COURSE_ALL_SEEDS=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) \
	  tests/test_answers.py -k tells_wrong_from_right

bench: $(STAMP)  ## speed and quality of lectures and grading, beside their peers (over an hour)
	@for name in lectures word_vectors tsne pixelcnn gan grading; do $(BIN)/python -m benchmarks.$$name || exit 1; done

oldest: $(STAMP)  ## every notebook with the oldest libraries allowed, in an environment of its own
	@OMP_NUM_THREADS=$(JOBS) $(BIN)/python tests/oldest.py

lint: $(STAMP)  ## ruff and mypy
	@echo "== style and types"
	@$(BIN)/ruff check . && $(BIN)/ruff format --check -q . && $(BIN)/mypy

demo: $(STAMP)  ## a class of thirty: hand in, grade, report (some five minutes)
	@$(BIN)/python -m course_utils.grading.demo

build: $(STAMP)  ## build and execute what changed in manuscript/
	@$(BIN)/course build

site: $(STAMP)  ## the course as web pages, in build/site
	@$(BIN)/python -m sphinx -q -W --keep-going -c docs . $(SITE)
	@echo "Open $(SITE)/index.html"

clean:  ## remove the virtual environment and caches (never notebooks or grades)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache *.egg-info build
