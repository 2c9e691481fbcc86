PYTHON ?= python3
VENV ?= .venv
BIN = $(abspath $(VENV))/bin
export PYTHON VENV SANDBOX

.PHONY: help demo test test-hostile test-long test-cluster test-torch fuzz lint bench bench-scale accuracy setup messages docs

help:
	@echo "make demo    install what is needed, grade examples/submissions into demo/"
	@echo "             [SANDBOX=process]  without bubblewrap and without isolation"
	@echo "make test    install what is needed, check style, types, contracts, run every test, print the coverage"
	@echo "make test-hostile [ATTACKS=docs/attacks.md]  every hostile submission, as root and as an ordinary user"
	@echo "             (a quarter of an hour), and a table of what became of them"
	@echo "make test-long  every state a notebook may leave with every right solution (an hour)"
	@echo "make test-cluster  the Slurm template on a real Slurm, which it installs where it may (minutes)"
	@echo "make test-torch TORCH=2.14.1  run every test with that torch, in an environment of its own (gigabytes)"
	@echo "make fuzz    10,000 examples for each reader of what others wrote (hours; FUZZ=1000 for fewer)"
	@echo "make lint    style, types and import contracts only"
	@echo "make messages  bring the translations' catalogues up to date"
	@echo "make docs    the documentation as a site, in docs/_build (its pages' commands: make test)"
	@echo "make accuracy  measure how accurate the marks are, write docs/accuracy.md (an hour; goes on when stopped)"
	@echo "make bench-scale  what a class costs as it grows from 10 to 5,000: a table, and docs/growth.svg (half an hour)"
	@echo "make bench   compare with nbgrader and otter-grader on this machine (half an hour; makes environments of their own)"

demo:
	@scripts/setup.sh demo
	@$(BIN)/grader batch examples/submissions --out demo $(if $(SANDBOX),--sandbox $(SANDBOX))

setup:
	@scripts/setup.sh test

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows templates/ci/github-*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci templates/ci/gitlab-ci.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms \
		$(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.citation-file-format CITATION.cff
	@$(BIN)/zizmor --quiet --offline --config scripts/zizmor.yml templates/ci/github-*.yml .github
	@$(BIN)/shellcheck --severity=warning scripts/setup.sh .ci/run $(addprefix templates/gradescope/, \
		setup.sh run_autograder as_student) templates/cluster/slurm.sh

test: lint
	@$(BIN)/python -m pytest -n auto --dist worksteal --ignore tests/hostile --cov --cov-report=
	@$(BIN)/python -m pytest tests/hostile
	@echo "coverage outside the sandbox, the ten lowest files:"
	@$(BIN)/coverage report --sort=cover | awk 'NR <= 12; { last = $$0 } END { print last }'

# `make test` hands in a few of each family.
test-hostile: setup
	@$(BIN)/python -m pytest tests/hostile -m "not long" $(if $(ATTACKS),--attacks $(ATTACKS))

test-long: setup
	@$(BIN)/python -m pytest -n auto --dist worksteal -m long

test-cluster: setup
	@scripts/setup.sh cluster
	@$(BIN)/python -m pytest tests/cluster -m cluster

fuzz: setup
	@FUZZ=$(or $(FUZZ),10000) $(BIN)/python -m pytest -n auto --dist worksteal --timeout 0 tests/fuzz

# With another torch than the pinned one, and everything else as it is pinned.
test-torch:
	@test -n "$(TORCH)" || { echo "which torch? make test-torch TORCH=2.14.1" >&2; exit 2; }
	@VENV=.torch/$(TORCH) TORCH=$(TORCH) scripts/setup.sh test
	@.torch/$(TORCH)/bin/python -m pytest -n auto --dist worksteal --ignore tests/hostile
	@.torch/$(TORCH)/bin/python -m pytest tests/hostile

# After a change to what the tool itself says: bring the catalogues up to date, translate, run it again.
messages: setup
	@$(BIN)/pybabel -q extract -F grader/locale/babel.cfg -k N_ --omit-header --no-location -o grader/locale/grader.pot .
	@$(BIN)/pybabel -q update --no-fuzzy-matching -w 120 -i grader/locale/grader.pot -d grader/locale -D grader
	@$(BIN)/pybabel -q compile -d grader/locale -D grader
	@rm grader/locale/grader.pot

# Warnings are errors here and in `make test`, which also runs the commands of every page.
docs: setup
	@$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs docs/_build
	@echo "open docs/_build/index.html"

# Results stay in .accuracy/: what has not changed is not measured again.
accuracy: setup
	@$(BIN)/python scripts/accuracy.py

bench:
	@scripts/setup.sh demo
	@$(BIN)/python benchmarks/compare.py

bench-scale:
	@scripts/setup.sh demo
	@$(BIN)/python benchmarks/scale.py
