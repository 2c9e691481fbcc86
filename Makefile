PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
export PYTHON VENV

.PHONY: help demo test lint bench setup messages

help:
	@echo "make demo    install what is needed, grade examples/submissions into demo/"
	@echo "make test    install what is needed, check style, types, contracts, and run every test"
	@echo "make lint    style, types and import contracts only"
	@echo "make messages  bring the translations' catalogues up to date"
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
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows templates/ci/github-*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci templates/ci/gitlab-ci.yml
	@$(BIN)/zizmor --quiet --offline --config scripts/zizmor.yml templates/ci/github-*.yml
	@$(BIN)/shellcheck --severity=warning scripts/setup.sh .ci/run $(addprefix templates/gradescope/, \
		setup.sh run_autograder as_student)

test: lint
	@$(BIN)/python -m pytest -n auto --dist worksteal --ignore tests/hostile
	@$(BIN)/python -m pytest tests/hostile

# After a change to what the tool itself says: bring the catalogues up to date, translate, run it again.
messages: setup
	@$(BIN)/pybabel -q extract -F grader/locale/babel.cfg -k N_ --omit-header --no-location -o grader/locale/grader.pot .
	@$(BIN)/pybabel -q update --no-fuzzy-matching -w 120 -i grader/locale/grader.pot -d grader/locale -D grader
	@$(BIN)/pybabel -q compile -d grader/locale -D grader
	@rm grader/locale/grader.pot

bench:
	@scripts/setup.sh demo
	@$(BIN)/python benchmarks/compare.py
