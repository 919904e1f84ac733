# Debug builds serve the tests and the demo; `make build` gives the binary to use.
PREFIX ?= /usr/local

.PHONY: help demo test example documentation interop coverage fuzz sanitize build install deploy simulate mutations format lint \
  clean

help:
	@echo "make demo      two nodes and a bucket on this machine, explained step by step (DEMO=once: ends by itself)"
	@echo "make test      everything that must hold; ends with 'N passed, N failed'"
	@echo "make example   the package that embeds the library, built outside of the repository and run"
	@echo "make documentation  the library's pages into .build/documentation; fails where one of them is wrong"
	@echo "make fuzz      mutated inputs for every reader of foreign bytes (MINUTES= for each, TARGET=, SEED=)"
	@echo "make sanitize  the whole suite under the address and the thread sanitizer"
	@echo "make interop   the tests that go through several S3 servers, against LocalStack (FILTER=)"
	@echo "make coverage  what the tests reach of each target; fails below the floors"
	@echo "make build     the optimised binary .build/release/martlet"
	@echo "make install   copies it to $(PREFIX)/bin, also as s3-sync2 and mobius3 (PREFIX, DESTDIR)"
	@echo "make deploy    checks deploy/, makes the image in a chroot and uses it (as root)"
	@echo "make simulate  runs seeds of the simulation (SEEDS='0..<20000', or MINUTES=60 from FIRST=0 on)"
	@echo "make mutations turns off one safeguard after the other; the simulation must notice each time"
	@echo "make format    formats the sources; make lint checks them"

demo:
	@scripts/demo

test:
	@scripts/test

example:
	@JOBS='$(JOBS)' scripts/example

documentation:
	@scripts/documentation --output .build/documentation

fuzz:
	@MINUTES='$(MINUTES)' TARGET='$(TARGET)' SEED='$(SEED)' JOBS='$(JOBS)' scripts/fuzz

sanitize:
	@JOBS='$(JOBS)' scripts/sanitize $(SANITIZER)

interop:
	@FILTER='$(FILTER)' scripts/interop

coverage:
	@scripts/coverage

# Runs without a Swift runtime. Foundation's static libraries do not name all that they need.
STATIC = --static-swift-stdlib -Xlinker -lCoreFoundation -Xlinker -l_FoundationICU -Xlinker -lstdc++
build:
	@scripts/require build
	swift build --configuration release --product martlet $(STATIC)

install: build
	install -D --mode=755 .build/release/martlet $(DESTDIR)$(PREFIX)/bin/martlet
	ln --symbolic --force martlet $(DESTDIR)$(PREFIX)/bin/s3-sync2
	ln --symbolic --force martlet $(DESTDIR)$(PREFIX)/bin/mobius3

deploy: build
	@scripts/deploy-check

SEEDS ?= 0..<20000
FIRST ?= 0
simulate:
	@scripts/require build
	swift run --configuration release simulate --seeds '$(if $(MINUTES),$(FIRST)..<18446744073709551615,$(SEEDS))' \
	  $(if $(MINUTES),--minutes $(MINUTES)) $(if $(JOBS),--jobs $(JOBS))

mutations:
	@scripts/require build
	@scripts/mutations

format:
	swift format --in-place --recursive Sources Tests Examples Package.swift

lint:
	swift format lint --strict --recursive Sources Tests Examples Package.swift

clean:
	rm -rf .build .venv .venv-interop
