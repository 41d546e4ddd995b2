# RadLens: `make run` starts it, `make test` checks all of it. Nothing else has to be installed by hand.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
PYTHON ?= python3
BIN := .venv/bin
# One thread a worker is what small shared machines serve best with.
export OMP_NUM_THREADS ?= 1

.PHONY: run setup setup-lab setup-test test check bench bench-lab bench-synth bench-registry gallery pictures clean

run: setup            ## Start RadLens on http://localhost:8501, signed in: a demo for this machine alone
	exec $(BIN)/radlens serve --demo

setup:                ## Build .venv with what serving needs
	PYTHON=$(PYTHON) scripts/setup serve

setup-lab:            ## Add what training needs
	PYTHON=$(PYTHON) scripts/setup lab

setup-test:           ## Add what the tests need, Debian packages included
	PYTHON=$(PYTHON) scripts/setup test

test: setup-test      ## Set up and run every check
	scripts/check

check:                ## Run every check in an environment that is set up
	scripts/check

bench: setup-test     ## Print each figure beside its goal
	$(BIN)/python -m bench

bench-lab: setup-test ## Print the lab's figures: make bench-lab DATA=FOLDER (chest-xray/, brain-tumor/)
	$(BIN)/python -m bench.lab $(DATA)

bench-synth: setup-test ## Print the figures of synthesis, an hour: make bench-synth DATA=FOLDER (brain-tumor/, chest-xray/)
	$(BIN)/python -m bench.synth $(DATA)

bench-registry: setup-test ## Print what swaps, kills and many processes cost; takes the better part of an hour
	$(BIN)/python -m bench.registry

gallery: setup-lab    ## Train the shipped models again: make gallery DATA=FOLDER (chest-xray/, brain-tumor/, brain-template/)
	PYTHON=$(BIN)/python scripts/gallery $(DATA)

pictures: setup-test  ## Take the pictures of the documents again
	$(BIN)/python -m tests.browser.pictures

clean:                ## Remove the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
