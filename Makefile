# `make run` needs Python 3.11, 3.12 or 3.13 and nothing else; `make help` lists the rest.

# The interpreter to build on; empty: the first suitable one on the path.
PYTHON ?=
# Passed on: to pytest by `make test`, to uv by `make lock` (--upgrade), to the benchmark by `make bench-…`.
ARGS ?=
# The file that `make backup` writes and `make restore` reads.
FILE ?=
# The folder with labelled data for `make bench-quality` and `make bench-planted`.
DATA ?=
# The detectors that they measure, with commas between; empty: all of them.
DETECTORS ?=

# torch's own build without CUDA (2.13.0+cpu, Linux x86_64, Python 3.11). It is not on PyPI; a pip that can find it may take it.
TORCH_CPU_SHA256 := 6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
NO_TORCH := This torch does not start without CUDA. Name a folder that holds torch's build without it (Python 3.11), then: rm -r .bench; make bench PIP_FIND_LINKS=folder

.DEFAULT_GOAL := help
.PHONY: help setup run backup restore test lint bench bench-quality bench-planted check-detector-file lock clean
export PYTHON

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-19s %s\n", $$1, $$2 }' Makefile

setup: ## make .venv and install the pinned packages
	@sh .ci/venv.sh .venv requirements.lock

run: setup ## start the dashboard
	@.venv/bin/python app.py

backup: setup ## save the whole workspace in one file, while the dashboard runs or not: FILE=kept.tar
	@.venv/bin/python -m detectors.storage.backup save "$(or $(FILE),anomalyst-$(shell date +%Y-%m-%d-%H%M).tar)"

restore: setup ## bring a backup back into an empty workspace: FILE=kept.tar
	@test -n "$(FILE)" || { echo "Name the backup to restore: make restore FILE=kept.tar" >&2; exit 1; }
	@.venv/bin/python -m detectors.storage.backup restore "$(FILE)"

test: ## run every test, those that drive a browser last; ARGS="-k threshold" chooses
	@sh .ci/venv.sh .venv requirements-test.lock
	@sh .ci/browser.sh
# A file of tests stays in one process; two of them, as each may hold TensorFlow and a browser.
	.venv/bin/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: ## check style and types, report sizes
	@sh .ci/venv.sh .venv requirements-test.lock
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	@.venv/bin/python .ci/sizes.py

bench: ## measure Anomalyst, and PyOD beside it in an environment of its own
	@sh .ci/venv.sh .venv requirements-test.lock
	@sh .ci/browser.sh
# pip rather takes PyPI's torch, which needs CUDA on Linux, than a build without it in a folder (PIP_FIND_LINKS): that one is tried first.
	@sh .ci/venv.sh .bench benchmarks/torch.lock --no-deps --no-index >/dev/null 2>&1 || sh .ci/venv.sh .bench benchmarks/torch.lock --no-deps
	@sh .ci/venv.sh .bench benchmarks/requirements.lock --no-deps
	@.bench/bin/python -c 'import torch' 2>/dev/null || { echo "$(NO_TORCH)" >&2; exit 1; }
	@for script in $(filter-out benchmarks/quality.py benchmarks/planted_explanations.py benchmarks/simulated_analyst.py benchmarks/smaller_forms.py benchmarks/transfer.py benchmarks/detector_file_elsewhere.py,$(wildcard benchmarks/*.py)); do echo "$$script"; .venv/bin/python -m "benchmarks.$$(basename "$$script" .py)" || exit 1; done

bench-quality: ## judge every detector on labelled data beside other methods: DATA=folder, DETECTORS=auto,hbos, ARGS="--only text --sets"
	@sh .ci/venv.sh .venv requirements-test.lock
	@test -d "$(DATA)" || { echo "Name the folder that holds the labelled data: make bench-quality DATA=folder" >&2; exit 1; }
	@.venv/bin/python -m benchmarks.quality "$(DATA)" $(if $(DETECTORS),--detectors $(DETECTORS)) $(ARGS)

bench-planted: ## how often explanations name a planted column, beside simpler ones: DATA=folder, DETECTORS=auto,hbos, ARGS="--rows 500"
	@sh .ci/venv.sh .venv requirements-test.lock
	@test -d "$(DATA)" || { echo "Name the folder that holds the labelled data: make bench-planted DATA=folder" >&2; exit 1; }
	@.venv/bin/python -m benchmarks.planted_explanations "$(DATA)" $(if $(DETECTORS),--detectors $(DETECTORS)) $(ARGS)

check-detector-file: ## score.py of detector files in new virtual environments, for every kind of data; needs the package index and 4 GB
	@sh .ci/venv.sh .venv requirements-test.lock
	@.venv/bin/python -m benchmarks.detector_file_elsewhere $(ARGS)

lock: ## pin versions and hashes again, for every supported Python and system; ARGS=--upgrade takes newer ones
	@sh .ci/lock.sh $(TORCH_CPU_SHA256) $(ARGS)

clean: ## remove the environments and what the tools left behind
	rm -rf .venv .bench .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
