# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the EL2 part of one module, its tests and the simulator for the build machine.
# tools/unit.sh and tools/fuzz.sh call it with
#
#	M	the module's directory
#	OUT	where what is built of it goes
#	LIB	where the simulator goes
#	CC SANITIZE	compiler, and what the module and its tests are instrumented with
#	TRACE		what the module alone is
#
# and one of the targets tests, fuzz; for fuzz, CC is clang. V=1 shows the commands.

sim	:= $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
NAME	:= $(notdir $(abspath $(M)))
Q	:= $(if $(V),,@)

# What a module's hyp/Makefile may refer to. linux/kconfig.h has the same for C.
srctree	:= $(sim)/kbuild
src	:= $(M)/hyp
obj	:= $(src)
CONFIG_ARM64 := y
CONFIG_ARM64_4K_PAGES := y
CONFIG_KVM := y
CONFIG_PKVM_MODULES := y

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: default tests fuzz
default: tests

hyp-obj-y :=
ccflags-y :=
include $(M)/hyp/Makefile
hyp-objs := $(patsubst %.o,%,$(hyp-obj-y))

# Assembly is for the machine. unit/hyp/NAME.c can stand in for hyp/NAME.S.
source_of = $(firstword $(wildcard $(M)/unit/hyp/$(1).c $(M)/hyp/$(1).c))
missing	:= $(foreach o,$(hyp-objs),$(if $(call source_of,$(o)),,$(o)))
ifneq ($(missing),)
$(warning note: left out, as they are not C: $(addprefix hyp/,$(missing)); unit/hyp/NAME.c can stand in)
endif
hyp-objs := $(filter-out $(missing),$(hyp-objs))

flags	:= -std=gnu11 -g -fno-pie -fno-omit-frame-pointer -fno-optimize-sibling-calls \
	   -fno-strict-aliasing -fno-strict-overflow -fno-common -Wall \
	   -D__KVM_NVHE_HYPERVISOR__ -I$(M)/unit/include -I$(sim)/include -I$(sim) \
	   -include linux/kconfig.h -include linux/compiler.h
OPT	?= -O1
compile	= $(CC) $(flags) $(OPT) -MMD -MP

# --- the simulator itself: not instrumented, so that it is the same for all ---

sim-objs := $(patsubst %,$(LIB)/%.o,sim memory ownership mapping handlers console heap trace \
	    trng sysreg table)
fuzz-objs := $(patsubst %,$(LIB)/fuzz/%.o,program mutate main)

$(LIB)/%.o: $(sim)/%.c $(sim)/module.mk
	@mkdir -p $(@D)
	$(Q)$(compile) -c -o $@ $<

# --- the module ---

define hyp_rule
$(OUT)/hyp/$(1).o: $(call source_of,$(1)) $(M)/hyp/Makefile $(sim)/module.mk
	@mkdir -p $$(@D)
	$(Q)$(compile) $(SANITIZE) $(TRACE) -Wno-pointer-sign -I$(M)/hyp $(ccflags-y) $$(CFLAGS_$(1).o) -c -o $$@ $$<
endef
$(foreach o,$(hyp-objs),$(eval $(call hyp_rule,$(o))))

$(OUT)/module.o: $(patsubst %,$(OUT)/hyp/%.o,$(hyp-objs)) $(sim)/module.lds
	$(Q)$(LD) -r --force-group-allocation -T $(sim)/module.lds -o $@ $(filter %.o,$^)

el1 := $(wildcard $(M)/*.c)
$(OUT)/entry.c: $(el1) $(sim)/entry.sh
	@mkdir -p $(@D)
	$(Q)$(sim)/entry.sh $(NAME) $(el1) >$@

$(OUT)/entry.o: $(OUT)/entry.c
	$(Q)$(compile) -c -o $@ $<

parts := $(OUT)/module.o $(OUT)/entry.o

# --- tests: each file of unit/ is a program ---

test-names := $(filter-out fuzz,$(patsubst $(M)/unit/%.c,%,$(wildcard $(M)/unit/*.c)))
tests: $(addprefix $(OUT)/test/,$(test-names))

$(OUT)/test/%.o: $(M)/unit/%.c $(sim)/module.mk
	@mkdir -p $(@D)
	$(Q)$(compile) $(SANITIZE) -I$(M) -I$(M)/hyp -c -o $@ $<

$(OUT)/test/%: $(OUT)/test/%.o $(parts) $(sim-objs) $(LIB)/unit.o
	$(Q)$(CC) -no-pie $(SANITIZE) -o $@ $^ -lcmocka

# --- the fuzzer, with what the module has of its own ---

own	:= $(patsubst $(M)/unit/fuzz.c,$(OUT)/own.o,$(wildcard $(M)/unit/fuzz.c))
fuzz: $(OUT)/fuzz

$(OUT)/own.o: $(M)/unit/fuzz.c $(sim)/module.mk
	@mkdir -p $(@D)
	$(Q)$(compile) -I$(M) -I$(M)/hyp -c -o $@ $<

$(OUT)/fuzz: $(own) $(parts) $(sim-objs) $(fuzz-objs)
	$(Q)$(CC) -no-pie -fsanitize=fuzzer $(SANITIZE) -o $@ $^

-include $(wildcard $(LIB)/*.d $(LIB)/fuzz/*.d $(OUT)/*.d $(OUT)/hyp/*.d $(OUT)/test/*.d)
