# SPDX-License-Identifier: GPL-2.0-only
#
# The front door. `make run` goes from nothing to a vendor module at EL2 beside a
# protected VM; `make help` lists the rest.

ifneq ($(words $(CURDIR)),1)
$(error the path "$(CURDIR)" has a space in it, which kbuild cannot do; move the repository)
endif

## M=           module directories, loaded in this order (modules/hello)
M		?= modules/hello
## CPU=         QEMU's CPU model (max); cortex-a53 has no VHE, so pKVM is nVHE
CPU		?= max
## SMP= MEM=    CPUs and memory of the machine (2, 1G)
SMP		?= 2
MEM		?= 1G
## GDB=1        run and shell wait for gdb, and say how to start one
GDB		?=
## FILE=        module files, .ko, for modcheck instead of M=
FILE		?=
## CMDLINE=     more words for the kernel command line
CMDLINE		?=
## LINUX=       a Linux 7.2.y tree or tarball to take instead of Debian's
LINUX		?=
## CONFIG_FRAGMENTS=  more fragments of kernel/config, by their names
CONFIG_FRAGMENTS ?=
## NAME= DIR=   what new makes, and where (modules)
NAME		?=
DIR		?= modules
## TIME= REPLAY= FUZZ=  how long fuzz runs (60 s), or one file again; more for libFuzzer
TIME		?= 60
REPLAY		?=
FUZZ		?=
## FOR= TO=     the release that export is for, and where the tree goes (build/export)
FOR		?=
TO		?=
## STOCK=1      linux: the same kernel without what is added here, to compare with
STOCK		?=
## COUNT= SEED= FROM=  how many calls attack makes (100,000,000), and the same ones again
COUNT		?= 100000000
SEED		?=
FROM		?=
## TESTS=       what check runs (tests/*.t)
TESTS		?= $(sort $(wildcard tests/*.t))
## JOBS=        compilers at a time (one per CPU)
JOBS		?= $(shell nproc)
## COMPARE=     bench: a result of an earlier run (the last one)
COMPARE		?=
## PKVM_BUILD=  where all that is made goes (build/)
PKVM_BUILD	?= build

B	:= $(abspath $(PKVM_BUILD))
ifneq ($(words $(B)),1)
$(error PKVM_BUILD="$(PKVM_BUILD)" is not the name of one directory, without a space in it)
endif
ifneq ($(filter /,$(B))$(filter $(B)/%,$(CURDIR)/x),)
$(error PKVM_BUILD="$(PKVM_BUILD)" has this repository in it; name a directory of its own)
endif
# What is below it may be removed, if it is ours: build/, or one that has this file in it
MARK	:= $(B)/.pkvm-build-dir
OURS	= $(B) = $(CURDIR)/build -o -e $(MARK) -o -e $(B)/linux.settings
SRC	:= $(B)/linux-src
empty	:=
# A kernel for each set of fragments: build/linux, build/linux-debug-test
FIRST	:= $(B)/linux$(if $(STOCK),-stock)
O	:= $(FIRST)$(subst $(empty) ,,$(addprefix -,$(CONFIG_FRAGMENTS)))
CONFIGS	:= $(patsubst %,kernel/config/%.config,base $(CONFIG_FRAGMENTS) $(if $(STOCK),stock))

# Variables are handed on by name only: M= would make kbuild take the kernel for
# a module
MAKEOVERRIDES :=
unexport M CPU SMP MEM GDB TESTS NAME DIR TIME REPLAY FUZZ FOR TO FILE STOCK COMPARE COUNT SEED FROM
export LINUX JOBS CMDLINE
export PKVM_BUILD := $(B)

.NOTPARALLEL:
.DELETE_ON_ERROR:
# Of check: the ones that take longest come first, so that none is left alone in the end.
LONG	:= $(patsubst %,tests/%.t,counters build quality attack front-door modcheck bench faults gdb)
# With nothing said, those of the operations run on the debug kernel, too
DEBUG	:= mapping registering cases sysregs traps serror trng ops heap protect zeropad trace panic \
	   ownership docs
ON_DEBUG := $(if $(filter file-file-,$(origin TESTS)-$(origin CONFIG_FRAGMENTS)-$(CONFIG_FRAGMENTS)),$(DEBUG:%=$(B)/tests/on-debug/%.t))
# Those of unit: all that have tests, unless M= was said
UNITS	:= $(if $(filter file,$(origin M)),,$(M))
# Those of test: both modes of pKVM, unless CPU= was said
CPUS	:= $(if $(filter file,$(origin CPU)),max cortex-a53,$(CPU))

.PHONY: FORCE help run shell gdb map check attack faults new unit test fuzz bench coverage export compile_commands abi module modcheck linux clean distclean deps-build deps-machine deps-check deps-gdb deps-unit deps-fuzz deps-coverage deps-bench machine named has-tests qemu

help: ## this list
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo; sed -n 's/^## //p' $(MAKEFILE_LIST)

run: named qemu linux machine ## boot with the modules of M=, show what happens, power off
	@$(call BOOT,run)

shell: named qemu linux machine ## the same machine with a shell in it
	@$(call BOOT,shell)

gdb: named deps-gdb qemu linux machine ## the machine under gdb, with symbols of EL2 and its modules
	@$(call BOOT,run,gdb)

map: named qemu linux machine ## draw who owns which memory, and what EL2 maps
	@$(call BOOT,map,run,--map $(B)/run/map)
	@cat $(B)/run/map.txt
	@echo "The same as a picture: $(B)/run/map.svg"

check: has-tests deps-check qemu linux machine $(ON_DEBUG) ## the whole test suite, or TESTS=
	@tools/modules.sh $(O) modules/hello >/dev/null
	@$(if $(filter file,$(origin TESTS)),PKVM_KDIR=$(O) tests/prepare.sh)
	@PKVM_KDIR=$(O) prove -j$(JOBS) --timer $(filter $(LONG),$(TESTS)) $(ON_DEBUG) $(filter-out $(LONG),$(TESTS))

$(B)/tests/on-debug/%.t: linux-debug
	@mkdir -p $(@D)
	@printf '#!/bin/bash\nPKVM_KDIR=%s exec tests/%s.t\n' $(B)/linux-debug $* >$@ && chmod +x $@

.PHONY: linux-debug
linux-debug:
	@$(MAKE) -s linux CONFIG_FRAGMENTS=debug

new: ## make a vendor module, with tests: NAME= DIR=
	@tools/new.sh $(call QUOTE,$(NAME)) $(call QUOTE,$(DIR))

attack: deps-check qemu linux machine ## a hostile host, with COUNT= hypercalls at random: SEED=, FROM=
	@PKVM_KDIR=$(O) tests/attack.sh $(COUNT) "$(SEED)" $(FROM)

faults: deps-check qemu ## each step of loading fails once; modules are loaded with each byte changed
	@$(MAKE) --no-print-directory linux machine CONFIG_FRAGMENTS="debug sanitize faults"
	@PKVM_KDIR=$(B)/linux-debug-sanitize-faults FAULTS_EVERY=1 FAULTS_TIMEOUT=7200 prove -v tests/faults.t

unit: deps-unit ## unit tests of EL2 code on this machine: M=, or all that have some
	@tools/unit.sh $(UNITS)

test: named deps-unit qemu linux machine ## all tests of the modules of M=, on this machine and in the other one
	@tools/test.sh $(O) "$(CPUS)" "--smp $(SMP) --mem $(MEM)" $(M)

fuzz: named deps-fuzz ## fuzz the calls and handlers of EL2 code on this machine: M= TIME= REPLAY=
	@tools/fuzz.sh --time $(call QUOTE,$(TIME)) --args $(call QUOTE,$(FUZZ)) \
		$(if $(REPLAY),--replay $(call QUOTE,$(REPLAY))) $(M)

coverage: named deps-coverage qemu linux machine ## which lines of EL2 code the tests of M= reach
	@tools/coverage.sh $(O) "$(CPUS)" "--smp $(SMP) --mem $(MEM)" $(M)

export: named linux ## the module of M= as a tree for FOR=android14, 15 or 16: TO=
	@$(if $(filter 1,$(words $(M))),,echo 'error: export is of one module: name it with M=' >&2; exit 1;) \
	tools/export.sh $(O) $(call QUOTE,$(FOR)) $(M) $(call QUOTE,$(TO))

compile_commands: module ## compile_commands.json for clangd: kernel/, and the modules of M=
	@tools/compile-commands.sh $(O) $(M)

# All modules here and all tests, unless M= or TESTS= was said
UP_MODULES := $(if $(filter file,$(origin M)),$(wildcard modules/*),$(M))
UP_TESTS := $(if $(filter file,$(origin TESTS)),,$(TESTS))

.PHONY: check-upstream
check-upstream: qemu linux machine ## upstream's KVM selftests, on the stock kernel and on this one
	@$(MAKE) --no-print-directory linux STOCK=1 CONFIG_FRAGMENTS="$(CONFIG_FRAGMENTS)"
	@$(MAKE) -s -f tests/upstream/Makefile
	@$(MAKE) -s -f tests/machine/Makefile upstream
	@kos=$$(tools/modules.sh $(O) $(UP_MODULES)) && tests/upstream/compare.sh \
		$(O:$(B)/linux%=$(B)/linux-stock%) $(O) "$(CPUS)" "$(UP_TESTS)" $$kos

bench: deps-bench qemu linux machine ## measure what EL2 modules cost, against the stock kernel
	@$(MAKE) --no-print-directory linux STOCK=1 CONFIG_FRAGMENTS="$(CONFIG_FRAGMENTS)"
	@exec 9>$(B)/lock && flock 9 && TARGETS=arch/arm64/kvm/ SEED=$(O) \
		kernel/build.sh $(SRC) $(O)-off $(CONFIGS) kernel/config/stock.config
	@$(MAKE) -s -f bench/Makefile
	@COMPARE=$(COMPARE) bench/run.sh $(O) $(O:$(B)/linux%=$(B)/linux-stock%) $(O)-off

abi: deps-check linux ## describe the table of operations anew, for tests/abi.t
	@$(MAKE) -s -f abi/Makefile KDIR=$(O)

.PHONY: docs deps-docs
docs: deps-docs linux-debug ## make docs/reference.rst and docs/ops.md anew, and HTML of the first in build/docs
	@tools/docs.sh $(B)/linux-debug docs
	@mkdir -p $(B)/docs && cp docs/reference.rst $(B)/docs/index.rst
	@sphinx-build -q -W -C -b html $(B)/docs $(B)/docs/html

module: named linux ## only build the modules of M=
	@tools/modules.sh $(O) $(M)

modcheck: $(if $(FILE),,named) linux ## say whether the modules of M=, or FILE=, will be accepted
	@$(if $(FILE),tools/modcheck.sh $(O) $(FILE),tools/modules.sh -r $(O) $(M))

linux: deps-build $(O)/.pkvm-built ## only get, patch and build the kernel

clean: ## remove what was built; the Linux source stays
	@[ ! -d $(B) ] || [ $(OURS) ] || { \
		echo 'error: PKVM_BUILD=$(B) is not made by this Makefile; nothing is removed' >&2; exit 1; }
	@rm -rf $(filter-out $(SRC),$(wildcard $(B)/linux*)) $(B)/machine $(B)/run $(B)/sim $(B)/unit $(B)/test $(B)/coverage $(B)/export $(B)/abi $(B)/tools \
		$(B)/upstream \
		$(B)/bench/bench
	@[ ! -d modules ] || find modules \( -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name '.*.cmd' -o -name 'hyp.lds' -o -name 'hyp-reloc.S' -o -name modules.order \
		-o -name Module.symvers \) -delete
	@rm -rf $(B)/docs

distclean: clean ## remove the Linux source and all downloads too
	@rm -rf $(SRC) $(B)/deb $(B)/lock $(B)/linux.settings $(B)/tests $(B)/linux-intree $(MARK)
	@[ ! -d $(B) ] || rmdir --ignore-fail-on-non-empty $(B)

# kbuild needs seconds to find that nothing is to be done; a stamp needs none.
# Directories are listed with the files in them: a file that vanishes changes its
# directory's date. The stamp is as old as what was built: a file may change meanwhile.
$(O)/.pkvm-built: $(shell find kernel \( -type d -o -type f \) ! -name '.*.sw?' ! -name '*~') $(B)/linux.settings
	@begun=$$(date +%s.%N) && exec 9>$(B)/lock && flock 9 && \
	kernel/source.sh $(SRC) && kernel/$(if $(STOCK),stock.sh $(SRC) $(SRC)-stock,apply.sh $(SRC)) && \
	SEED=$(FIRST) kernel/build.sh $(SRC)$(if $(STOCK),-stock) $(O) $(CONFIGS) && touch -d "@$$begun" $@

# Younger than the kernel when something outside kernel/ decides otherwise on it
$(B)/linux.settings: FORCE
	@mkdir -p $(@D)
	@echo '$(CURDIR) $(LINUX) $(CROSS_COMPILE)' | cmp -s - $@ || \
		echo '$(CURDIR) $(LINUX) $(CROSS_COMPILE)' >$@

machine: deps-build deps-machine linux
	@$(MAKE) -s -f machine/Makefile all

deps-build deps-machine deps-check deps-docs deps-gdb deps-unit deps-fuzz deps-coverage deps-bench: marked
	@tools/deps.sh $(@:deps-%=%)

.PHONY: marked
marked:
	@[ $(OURS) ] || [ -z "$$(ls -A $(B) 2>/dev/null)" ] || { \
		echo 'error: PKVM_BUILD=$(B) has other things in it; name a directory of its own' >&2; exit 1; }
	@[ -e $(MARK) ] || { mkdir -p $(B) && touch $(MARK); }

# Said before the kernel is built, not after
named:
	@tools/modules.sh -n $(M)

has-tests:
	@[ -n "$(wildcard $(TESTS))" ] || { \
		echo 'error: no tests: TESTS="$(TESTS)" names no file' >&2; exit 1; }

qemu: deps-machine
	@command -v qemu-system-aarch64 >/dev/null || { \
		echo 'error: no qemu-system-aarch64 in PATH; it is in the package qemu-system-arm' >&2; exit 1; }

QUOTE = '$(subst ','\'',$(1))'
BOOT = kos=$$(tools/modules.sh $(O) $(M)) && \
	machine/$(or $(2),run).sh --cpu $(CPU) --smp $(SMP) --mem $(MEM) --image $(O)/arch/arm64/boot/Image \
		$(if $(2),,$(if $(filter 1,$(GDB)),--gdb $(B)/run/gdb)) $(3) \
		--append "$$CMDLINE" --init $(1) $${kos:+$$(printf ' --ko %s' $$kos)}
