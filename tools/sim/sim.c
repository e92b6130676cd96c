// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulated machine as a whole: what a new one is, how EL2 code is entered and
 * left, and what becomes of its mistakes.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <sanitizer/common_interface_defs.h>

#include <nvhe/spinlock.h>

#include "internal.h"

#pragma weak __sanitizer_symbolize_pc

/* Where tools/sim/module.lds has put the module. A section that is empty is not there. */
#pragma weak __start_sim_module_text
#pragma weak __stop_sim_module_text
#pragma weak __start_sim_module_data
#pragma weak __stop_sim_module_data
extern const char __start_sim_module_text[], __stop_sim_module_text[];
extern volatile char __start_sim_module_data[], __stop_sim_module_data[];
extern const char __executable_start[], etext[];

void (*sim_on_failure)(const char *file, int line);

static struct {
	const char *op;		/* the member of the table that runs, or NULL */
	void *caller;
	bool in_el2, in_init, tolerate, tolerate_refused;
	unsigned int cpu;
} now;

static struct sim_device *devices;
static sim_firmware_t firmware;

/* --- words --- */

const char *sim_where(void *pc)
{
	static char bufs[4][256];
	static unsigned int next;
	char *buf = bufs[next++ % 4];

	if (__sanitizer_symbolize_pc)
		__sanitizer_symbolize_pc(pc, "%s:%l", buf, sizeof(bufs[0]));
	else
		snprintf(buf, sizeof(bufs[0]), "%p", pc);

	return buf;
}

static void print_frame(void *pc)
{
	char buf[512];

	if (!__sanitizer_symbolize_pc) {
		fprintf(stderr, "    %p\n", pc);
		return;
	}
	__sanitizer_symbolize_pc(pc, "%f at %s:%l", buf, sizeof(buf));
	fprintf(stderr, "    in %s\n", buf);
}

static bool is_code(u64 pc)
{
	return pc >= (u64)__executable_start && pc < (u64)etext;
}

static bool in_module(u64 pc)
{
	return pc >= (u64)__start_sim_module_text && pc < (u64)__stop_sim_module_text;
}

/*
 * Only the module's: what is below is the simulator, and the test. Gives back the
 * innermost one.
 */
static void *print_backtrace(u64 pc, u64 *fp)
{
	void *first = NULL;
	int i;

	for (i = 0; i < 64 && is_code(pc); i++) {
		u64 *next = (u64 *)fp[0];

		if (in_module(pc)) {
			print_frame((void *)pc);
			first = first ?: (void *)pc;
		}
		pc = fp[1];
		if (next <= fp || (u64)next - (u64)fp > SZ_1M)
			break;
		fp = next;
	}

	return first;
}

static __noreturn void give_up(void *pc)
{
	char where[256];
	char *line;

	snprintf(where, sizeof(where), "%s", pc ? sim_where(pc) : "?:0");
	line = strrchr(where, ':');
	if (line)
		*line++ = '\0';
	now.in_el2 = false;
	now.op = NULL;
	if (sim_on_failure)
		sim_on_failure(where, line ? atoi(line) : 0);
	abort();
}

void sim_fail(const char *format, ...)
{
	va_list args;
	void *first;

	fflush(stdout);
	fprintf(stderr, "error: %s%s", now.op ?: "", now.op ? "(): " : "");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	if (now.op)
		fprintf(stderr, "    called at %s\n", sim_where(now.caller));
	first = print_backtrace((u64)__builtin_return_address(0), __builtin_frame_address(0));
	give_up(now.op ? now.caller : first);
}

static void vfail(const char *format, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, args);
	sim_fail("%s", text);
}

void sim_misuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!now.tolerate)
		vfail(format, args);
	va_end(args);
}

void sim_refused(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!now.tolerate && !now.tolerate_refused)
		vfail(format, args);
	va_end(args);
}

void sim_test_error(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "error: the test: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	give_up(NULL);
}

void sim_bug(const char *what, const char *file, int line)
{
	now.op = NULL;
	sim_fail("%s at %s:%d: a hypervisor panic", what, file, line);
}

void sim_tolerate(bool tolerate)
{
	now.tolerate = tolerate;
}

void sim_tolerate_refused(bool tolerate)
{
	now.tolerate_refused = tolerate;
}

/* --- wrong accesses --- */

#if defined(__x86_64__)
#define CONTEXT_PC(uc)	((uc)->uc_mcontext.gregs[REG_RIP])
#define CONTEXT_FP(uc)	((uc)->uc_mcontext.gregs[REG_RBP])
#define CONTEXT_WRITE(uc)	((uc)->uc_mcontext.gregs[REG_ERR] & 2)
#elif defined(__aarch64__)
#define CONTEXT_PC(uc)	((uc)->uc_mcontext.pc)
#define CONTEXT_FP(uc)	((uc)->uc_mcontext.regs[29])
#define CONTEXT_WRITE(uc)	false
#else
#error "the simulator runs on x86-64 and arm64"
#endif

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	u64 pc = CONTEXT_PC(uc);
	char what[512];

	fflush(stdout);
	/* The CPU does not say which address it was if it can not be one. */
	if (info->si_code == SI_KERNEL)
		snprintf(what, sizeof(what), "an address that can not be one");
	else
		sim_describe(info->si_addr, what, sizeof(what));

	if (pc == (u64)info->si_addr)
		fprintf(stderr, "error: EL2 code jumped to %p: %s\n", info->si_addr, what);
	else
		fprintf(stderr, "error: EL2 code may not %s %p: %s\n",
			CONTEXT_WRITE(uc) ? "write to" : "access", info->si_addr, what);
	if (now.op)
		fprintf(stderr, "    %s %s(), called at %s\n",
			in_module(pc) ? "after" : "in", now.op, sim_where(now.caller));
	/* Return addresses are what the rest of this takes: one past the call. */
	print_backtrace(pc + 1, (u64 *)CONTEXT_FP(uc));
	if (is_code(pc))
		give_up((void *)(pc + 1));
	give_up(now.caller);
}

/* cmocka has handlers of its own, which know less. */
static void catch_faults(void)
{
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

/* --- a new machine --- */

static char *module_data;

/* The module's variables, as they were before anything ran. */
static void reset_module_data(void)
{
	size_t i, size = __stop_sim_module_data - __start_sim_module_data;

	if (module_data) {
		for (i = 0; i < size; i++)
			__start_sim_module_data[i] = module_data[i];
		return;
	}

	module_data = malloc(size + 1);
	for (i = 0; i < size; i++)
		module_data[i] = __start_sim_module_data[i];
}

/* Counters of gcc's coverage are variables too, and are to stay. */
void __gcov_dump(void) __attribute__((weak));
void __gcov_reset(void) __attribute__((weak));

static void reset(void)
{
	if (__gcov_dump && module_data) {
		__gcov_dump();
		__gcov_reset();
	}
	reset_module_data();
	memset(&now, 0, sizeof(now));
	devices = NULL;
	firmware = NULL;
	sim_reset_memory();
	sim_reset_ownership();
	sim_reset_mapping();
	sim_reset_handlers();
	sim_reset_console();
	sim_reset_heap();
	sim_reset_trace();
	sim_reset_trng();
	sim_reset_sysreg();
}

bool sim_module_ran;

int sim_setup(void **state)
{
	reset();
	sim_module_ran = false;
	catch_faults();

	return 0;
}

/* A test that has passed, but of something else, is worse than none. */
int sim_teardown(void **state)
{
	if (!sim_module_ran)
		fprintf(stderr, "error: this test never runs code of the module: sim_boot() loads it, sim_hvc() calls it\n");

	return sim_module_ran ? 0 : -1;
}

/* --- EL2 --- */

void sim_enter_op(const char *name, void *caller)
{
	now.op = name;
	now.caller = caller;
}

void *sim_caller(void)
{
	return now.caller;
}

bool sim_in_init(void)
{
	return now.in_init;
}

unsigned int sim_this_cpu(void)
{
	return now.cpu;
}

void sim_cpu(unsigned int cpu)
{
	if (cpu >= SIM_NR_CPUS)
		sim_test_error("sim_cpu(%u): there are %d CPUs", cpu, SIM_NR_CPUS);
	now.cpu = cpu;
}

bool sim_is_text(const void *fn)
{
	return in_module((u64)fn);
}

const struct pkvm_module_ops *sim_ops(void)
{
	return &sim_table;
}

/* All locks that are held, so that leaving with one is found. */
#define MAX_LOCKS	32
static struct {
	hyp_spinlock_t *lock;
	const char *name;
} held[MAX_LOCKS];
static unsigned int nr_held;

void sim_enter_el2(void)
{
	catch_faults();
	now.op = NULL;
	now.caller = NULL;
	now.in_el2 = true;
	nr_held = 0;
}

void sim_leave_el2(void)
{
	now.op = NULL;
	now.caller = NULL;
	now.in_el2 = false;
	if (nr_held) {
		nr_held = 0;
		sim_fail("EL2 code returned to the host with the lock %s, taken at %s:%d",
			 held[0].name, held[0].lock->file, held[0].lock->line);
	}
	sim_windows_closed();
}

int sim_boot_with(int (*init)(const struct pkvm_module_ops *ops))
{
	int ret;

	sim_enter_el2();
	now.in_init = true;
	ret = init(&sim_table);
	now.in_init = false;
	sim_leave_el2();
	if (!sim_unmap_linear_all() && !ret)
		ret = -EBUSY;
	if (sim_used_missing_op() && !ret)
		ret = -EOPNOTSUPP;

	return ret;
}

/* Made from el1.c by tools/sim/entry.sh; NULL if that names none. */
extern int (*const sim_module_init)(const struct pkvm_module_ops *ops);

int sim_boot(void)
{
	if (!sim_module_init)
		sim_test_error("el1.c names no init function that make unit understands; use sim_boot_with()");

	return sim_boot_with(sim_module_init);
}

static void check_kept(sim_call_t fn, const struct user_pt_regs *before,
		       const struct user_pt_regs *after)
{
	int i;

	for (i = 4; i <= 17; i++) {
		if (before->regs[i] != after->regs[i])
			sim_fail("the handler at %s changed x%d, which its caller relies on",
				 sim_where((void *)fn + 1), i);
	}
}

struct arm_smccc_res sim_hvc_args(sim_call_t fn, const u64 *args)
{
	struct kvm_cpu_context ctxt = {}, before;
	struct arm_smccc_res res;
	int i;

	ctxt.regs.regs[0] = SMCCC_RET_SUCCESS;
	for (i = 0; i < 6; i++)
		ctxt.regs.regs[1 + i] = args[i];
	before = ctxt;

	sim_enter_el2();
	sim_serror_entry();
	fn(&ctxt.regs);
	sim_serror_exit();
	sim_leave_el2();
	check_kept(fn, &before.regs, &ctxt.regs);

	res.a0 = ctxt.regs.regs[0];
	res.a1 = ctxt.regs.regs[1];
	res.a2 = ctxt.regs.regs[2];
	res.a3 = ctxt.regs.regs[3];

	return res;
}

void sim_check_leaks(void)
{
	unsigned int nr;

	fflush(stdout);
	nr = sim_leaks_ownership() + sim_leaks_mapping() + sim_leaks_heap();
	if (nr)
		sim_fail("EL2 code has left %u thing%s behind", nr, nr > 1 ? "s" : "");
}

/* --- locks --- */

void sim_spin_lock(hyp_spinlock_t *lock, const char *name, const char *file, int line)
{
	now.op = NULL;
	if (lock->file)
		sim_fail("deadlock: %s is taken at %s:%d, and again at %s:%d", name, lock->file,
			 lock->line, file, line);
	lock->file = file;
	lock->line = line;
	lock->cpu = now.cpu;
	if (nr_held < MAX_LOCKS) {
		held[nr_held].lock = lock;
		held[nr_held++].name = name;
	}
}

void sim_spin_unlock(hyp_spinlock_t *lock, const char *name, const char *file, int line)
{
	unsigned int i;

	now.op = NULL;
	if (!lock->file)
		sim_fail("%s is dropped at %s:%d, and nobody has it", name, file, line);
	lock->file = NULL;
	for (i = 0; i < nr_held; i++) {
		if (held[i].lock == lock)
			held[i--] = held[--nr_held];
	}
}

void sim_assert_locked(hyp_spinlock_t *lock, const char *name, const char *file, int line)
{
	now.op = NULL;
	if (!lock->file)
		sim_fail("%s is not held at %s:%d", name, file, line);
}

/* --- devices --- */

void sim_add_device(struct sim_device *dev)
{
	dev->next = devices;
	devices = dev;
}

static struct sim_device *find_device(const volatile void *addr, unsigned int size, bool write,
				      u64 *offset)
{
	const void *va = (const void *)addr;
	struct el2_pte *pte = sim_find_pte(va);
	struct sim_device *dev;
	char what[512];
	u64 phys;

	now.op = NULL;
	if (!pte || !pte->valid || !pte->device || (write && !(pte->prot & KVM_PGTABLE_PROT_W))) {
		sim_describe(va, what, sizeof(what));
		sim_fail("EL2 code may not %s a register at %p: %s", write ? "write" : "read", va,
			 what);
	}
	if ((u64)va % size)
		sim_fail("a register of %u bytes is not aligned: %p", size, va);

	phys = pte->phys + offset_in_page(va);
	for (dev = devices; dev; dev = dev->next) {
		*offset = phys - dev->phys;
		if (*offset < dev->size)
			return dev;
	}
	sim_fail("there is no device at %#llx; a test adds one with sim_add_device()", phys);
}

u64 sim_mmio_read(const volatile void *addr, unsigned int size)
{
	u64 offset;
	struct sim_device *dev = find_device(addr, size, false, &offset);

	return dev->read ? dev->read(dev, offset, size) : 0;
}

void sim_mmio_write(volatile void *addr, unsigned int size, u64 val)
{
	u64 offset;
	struct sim_device *dev = find_device(addr, size, true, &offset);

	if (dev->write)
		dev->write(dev, offset, size, val);
}

/* --- the firmware --- */

void sim_set_firmware(sim_firmware_t fn)
{
	firmware = fn;
}

void sim_firmware(struct arm_smccc_1_2_regs *regs)
{
	if (firmware)
		firmware(regs);
	else
		regs->a0 = SMCCC_RET_NOT_SUPPORTED;
}

void arm_smccc_1_2_smc(const struct arm_smccc_1_2_regs *args, struct arm_smccc_1_2_regs *res)
{
	struct arm_smccc_1_2_regs regs = *args;

	sim_firmware(&regs);
	*res = regs;
}

/* The last argument is where the answer goes. */
void sim_el2_smc(unsigned int nr, const unsigned long *args)
{
	struct arm_smccc_res *res = (struct arm_smccc_res *)args[nr - 1];
	struct arm_smccc_1_2_regs regs = {};

	memcpy(&regs, args, (nr - 1) * sizeof(*args));
	sim_firmware(&regs);
	if (res)
		*res = (struct arm_smccc_res) {
			.a0 = regs.a0, .a1 = regs.a1, .a2 = regs.a2, .a3 = regs.a3,
		};
}
