PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
export PYTHON VENV

.PHONY: help demo test lint bench setup

help:
	@echo "make demo    install what is needed, grade examples/submissions into demo/"
	@echo "make test    install what is needed, check style, types, contracts, and run every test"
	@echo "make lint    style, types and import contracts only"
	@echo "make bench   compare with nbgrader on this machine (minutes; makes an environment of its own)"

demo:
	@scripts/setup.sh demo
	@$(BIN)/grader batch examples/submissions --out demo

setup:
	@scripts/setup.sh test

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

test: lint
	@$(BIN)/python -m pytest -n auto --dist loadgroup

bench:
	@scripts/setup.sh demo
	@$(BIN)/python benchmarks/compare.py
