# The few commands of the README. Each first installs what is missing (see scripts/install_dependencies.sh).
# CMAKE_PREFIX_PATH in the environment chooses another LibTorch; JOBS, how many compilers run at once.
PROGRAM := build/release/bin/chrysalis
PREFIX ?= /usr/local
# What `make test` runs the rooms without Torch under; `make test SANITIZERS="asan-ubsan tsan"` for both.
SANITIZERS ?= asan-ubsan
# A compiler that reads LibTorch's headers takes over 1 GB.
JOBS ?= $(shell awk -v cores="$$(nproc)" '/^MemAvailable/ {jobs = int($$2 / 1500000); \
	  print (jobs < 1 ? 1 : (jobs < cores ? jobs : cores))}' /proc/meminfo)

help:
	@echo 'make demo            train a population by a curriculum, film its best (15 minutes on two cores)'
	@echo 'make test            build and run every test, also under AddressSanitizer and UBSan'
	@echo 'make python-test     install the Python package into a fresh virtual environment and run its tests'
	@echo 'make build           the program and all else that is installed: $(PROGRAM)'
	@echo 'make install         program, library, headers, CMake package; PREFIX=$(PREFIX)'
	@echo 'make deps            the Debian packages that are missing; the commands above do so too'
	@echo 'make format          clang-format over every source'
	@echo 'make clean           remove build/; runs/ stays'

deps:
	@scripts/install_dependencies.sh

build: deps
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS) --target product

# The release tests come last, so that the closing line is ctest's over the whole program.
test: deps
	set -e; for preset in $(SANITIZERS) release; do \
	  cmake --preset $$preset; \
	  cmake --build --preset $$preset --parallel $(JOBS); \
	  ctest --preset $$preset --parallel $(JOBS); \
	done

python-test: deps
	CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) scripts/python_test.sh

demo: build
	scripts/demo.sh $(PROGRAM)

install: build
	cmake --install build/release --prefix '$(PREFIX)'

format:
	git ls-files -z '*.h' '*.cc' | xargs -0 clang-format -i

clean:
	rm -rf build

.PHONY: help deps build test python-test demo install format clean
