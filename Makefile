# make          set up what is missing, open the window on the sample images
# make test     checks of the code and all quick tests
# make test-all the same with the slow tests
# make faults   put the program through kills, full disks and hostile files, and count: about an hour
# make lint     checks of the code alone
# make bench    measure speed
# make clean    remove what tools left behind; make distclean removes .venv too

BIN := .venv/bin
READY := .venv/.segtool-ready
WINDOW_READY := .venv/.segtool-window-ready
# Two files of tests at a time; a file stays in one process, which makes its models once.
AT_ONCE := -n 2 --dist loadfile

.DEFAULT_GOAL := run
.PHONY: run test test-all faults lint bench clean distclean

$(READY): pyproject.toml constraints.txt tools/make_environment.sh
	@PYTHON="$(PYTHON)" tools/make_environment.sh
	@touch $@

# Libraries of the system for the window. Without them the program still works on the command line,
# so that is said and not an error here; the check is repeated the next time.
$(WINDOW_READY): $(READY) tools/install_qt_libraries.sh
	@if tools/install_qt_libraries.sh; then touch $@; fi

run: $(WINDOW_READY)
	$(BIN)/python main.py --sample

lint: $(READY)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python $(BIN)/lint-imports

test: lint $(WINDOW_READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(AT_ONCE) -m "not slow"

test-all: lint $(WINDOW_READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(AT_ONCE)

# The counts are promises to the people who use the program: docs/reliability.md is written anew from each whole run.
faults: $(WINDOW_READY)
	mkdir -p build && rm -f build/faults.jsonl
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(AT_ONCE) tests/faults --full --timeout 7200 --counts build/faults.jsonl
	$(BIN)/python -m tools.reliability_table build/faults.jsonl docs/reliability.md

bench: $(READY)
	$(BIN)/python -m benchmarks.bench_program --write docs/benchmarks.md
	$(BIN)/python -m benchmarks.canvas --write docs/canvas.md
	$(BIN)/python -m benchmarks.bench_accuracy $(if $(DATA),--data $(DATA))

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean
	rm -rf .venv
