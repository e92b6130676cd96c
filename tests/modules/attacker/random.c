// SPDX-License-Identifier: GPL-2.0-only
/*
 * The random run. A step's random numbers come from the seed, the stream and the
 * number of the step alone, so that the same run, or a part of it, can be had again.
 *
 * What a call gives back is judged by three rules. It is what such a call can give
 * back, and a refusal is an errno. Other registers are as they were. And nothing is
 * gained: a call about a page that is not the attacker's own does not succeed, but for
 * those that a host may make about it.
 */

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <asm/kvm_pgtable.h>

#include "probe.h"
#include "internal.h"

/* VMs that use more than one of them use a block and what lies in the way of it. */
const u64 gfns[] = {
	0, 1, 2, 3, 4, 5, 6, 7, 511, 512, 513, 1024, 0x10000,
	BIT(27),
	/* VMs have 40 bits at least, and these are not in all of them. */
	BIT(28) - 1, BIT(28), BIT(36) - 1, BIT(36), BIT(40), BIT(52), BIT(52) + 1,
	BIT(63), U64_MAX,
};

const unsigned int nr_gfns = ARRAY_SIZE(gfns);

#define NR_STATS	128
static atomic64_t made[NR_STATS], succeeded[NR_STATS];
static atomic64_t made_unknown, made_module;

static unsigned int total_weight;

/* splitmix64 */
u64 rnd(struct step *step)
{
	u64 z = step->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;

	return z ^ (z >> 31);
}

u64 rnd_to(struct step *step, u64 n)
{
	return rnd(step) % n;
}

#define PICK(step, list)	((list)[rnd_to(step, ARRAY_SIZE(list))])

static u64 boundary(struct step *step)
{
	static const u64 numbers[] = {
		0, 1, 2, 0xfff, 0x1000, BIT(20), BIT(31), BIT(32) - 1, BIT(32), BIT(40), BIT(47),
		BIT(48) - 1, BIT(48), BIT(52), BIT(52) + 1, S64_MAX, BIT(63), U64_MAX - 0xfff,
		U64_MAX - 1, U64_MAX,
	};

	return PICK(step, numbers);
}

/* A page that is not of the pool, and whose it is. */
static const struct known_page *others_page(struct step *step, u64 not_for)
{
	static const struct known_page no_ram[] = {
		{ .class = NO_PAGE, .pfn = 0 },
		{ .class = NO_PAGE, .pfn = BIT(52) - 1 },
		{ .class = NO_PAGE, .pfn = BIT(36) },
		{ .class = NO_PAGE, .pfn = U64_MAX },
	};
	const struct known_page *page = NULL;

	if (nr_known_pages && rnd_to(step, 8))
		page = &known_pages[rnd_to(step, nr_known_pages)];
	if (!page || BIT(page->class) & not_for)
		page = &PICK(step, no_ram);

	return page;
}

static u64 own_page(struct step *step)
{
	/* Some over and over, so that calls meet. */
	return rnd_to(step, 4) ? POOL_PAGES / 2 + rnd_to(step, 8) : rnd_to(step, POOL_PAGES);
}

static u64 make_pfn(struct step *step, const struct call *call)
{
	const struct known_page *page;

	if (!step->others_only && rnd_to(step, 4)) {
		step->pfn = pool_pfn + own_page(step);
		step->classes |= BIT(POOL_PAGE);
		/* Bits that are lost in a physical address */
		return rnd_to(step, 32) ? step->pfn : step->pfn | BIT(52 + rnd_to(step, 12));
	}

	page = others_page(step, call->not_for);
	step->classes |= BIT(page->class);

	return page->pfn;
}

/* Not so many that they would reach from the pool into the rest of the kernel. */
static u64 make_nr(struct step *step)
{
	static const u64 few[] = { 1, 1, 1, 1, 2, 3, 8, 16 };
	static const u64 wrong[] = {
		0, BIT(20), BIT(36), BIT(40), BIT(51), BIT(52) - 1, BIT(52), BIT(63), U64_MAX,
	};
	/* A block takes long: EL2 goes through it page by page. */
	u64 nr = rnd_to(step, 128) ? PICK(step, few) : PTRS_PER_PMD;

	if (!rnd_to(step, 8))
		return PICK(step, wrong);

	return step->pfn && step->pfn + nr > pool_pfn + POOL_PAGES ? 1 : nr;
}

static u64 make_prot(struct step *step)
{
	/* enum kvm_pgtable_prot: r-x, rw-, rwx, r--, --- and what makes no sense */
	static const u64 prots[] = { 0xb, 0xc, 0xc, 0xf, 0x8, 0x0, 0x4, 0x3, 0x9, 0x1c, 0x10 };

	return rnd_to(step, 16) ? PICK(step, prots) : rnd(step);
}

static u64 make_guest_prot(struct step *step)
{
	u64 prot = make_prot(step), x = KVM_PGTABLE_PROT_PX | KVM_PGTABLE_PROT_UX;

	return prot & x ? prot | x : prot;
}

static u64 make_handle(struct step *step, bool own)
{
	u64 handle = first_handle + rnd_to(step, NR_HANDLES);

	/* Only the low 16 bits make a handle. */
	if (!rnd_to(step, 4))
		handle = rnd_to(step, 2) ? boundary(step) : rnd(step);
	else if (!own && !rnd_to(step, 8))
		handle = first_handle - 1 - rnd_to(step, 4);
	if (own && (u16)handle < first_handle && (u16)handle >= 0x1000)
		handle = 0;

	return handle;
}

/* Pages that EL2 is to keep: enough of the pool must follow for the largest of its uses. */
static u64 make_pages_va(struct step *step, const struct call *call)
{
	const struct known_page *page;
	u64 va;

	if (rnd_to(step, 8)) {
		va = (u64)pool_va(rnd_to(step, (POOL_PAGES - 64) / 16) * 16);
		step->classes |= BIT(POOL_PAGE);
		return rnd_to(step, 16) ? va : va + rnd_to(step, PAGE_SIZE);
	}

	/*
	 * kern_hyp_va() only keeps the low bits: what is not in the linear map comes out
	 * as some page of the kernel, which would be the end of it.
	 */
	page = others_page(step, call->not_for);
	if (page->class == NO_PAGE)
		return 1;
	step->classes |= BIT(page->class);

	return (u64)__va(page->pfn << PAGE_SHIFT);
}

static u64 make_struct_va(struct step *step, void *good)
{
	u64 classes = step->classes, va;

	if (rnd_to(step, 8))
		return (u64)good;
	/* Only looked at: that a VM comes of it would be a gain by itself. */
	va = make_pages_va(step, &(struct call){ });
	step->classes = classes;

	return rnd_to(step, 2) ? va : va + rnd_to(step, PAGE_SIZE);
}

static u64 make_hyp_va(struct step *step, const struct call *call)
{
	const struct known_page *page;

	if (!step->others_only && rnd_to(step, 4) && probe_call) {
		step->pfn = pool_pfn + own_page(step);
		step->classes |= BIT(POOL_PAGE);
		step->hyp_va = pool_hyp_va + ((step->pfn - pool_pfn) << PAGE_SHIFT);
	} else {
		page = others_page(step, call->not_for);
		step->classes |= BIT(page->class);
		step->hyp_va = rnd_to(step, 2) ? page->hyp_va : boundary(step);
	}

	return step->hyp_va;
}

static u64 make_arg(struct step *step, const struct call *call, enum arg arg)
{
	switch (arg) {
	case NONE:
	case ZERO:
		return 0;
	case PFN:
		return make_pfn(step, call);
	case PHYS:
		return (make_pfn(step, call) << PAGE_SHIFT) +
		       (rnd_to(step, 4) ? 0 : rnd_to(step, PAGE_SIZE));
	case NR:
		return make_nr(step);
	case GFN:
		return PICK(step, gfns);
	case LOW_GFN:
		return gfns[rnd_to(step, NR_LOW_GFNS)];
	case NR_GFNS:
		return rnd_to(step, 4) ? 1 : rnd_to(step, 2) ? PTRS_PER_PMD : boundary(step);
	case IPA:
		return (PICK(step, gfns) << PAGE_SHIFT) + rnd_to(step, PAGE_SIZE);
	case PROT:
		return make_prot(step);
	case GUEST_PROT:
		return make_guest_prot(step);
	case HANDLE:
		return make_handle(step, false);
	case OWN_HANDLE:
		return make_handle(step, true);
	case VCPU_NR:
		return rnd_to(step, 8) ? rnd_to(step, FAKE_VCPUS) : boundary(step);
	case KVM_VA:
		return make_struct_va(step, fake_kvm(rnd_to(step, NR_FAKE_VMS)));
	case VCPU_VA:
		return make_struct_va(step, fake_vcpu(rnd_to(step, NR_FAKE_VMS),
						      rnd_to(step, FAKE_VCPUS)));
	case PAGES_VA:
		return make_pages_va(step, call);
	case GOOD_MMU_VA:
		return (u64)&good_kvm->arch.mmu;
	case GOOD_VCPU_VA:
		return (u64)good_vcpu;
	case GOOD_CPU_IF_VA:
		return (u64)&good_vcpu->arch.vgic_cpu.vgic_v3;
	case HYP_VA:
		return make_hyp_va(step, call);
	case HYP_VA_END:
		return rnd_to(step, 16) ? step->hyp_va + PAGE_SIZE : boundary(step);
	case SLOT_VA:
		return rnd_to(step, 8) ? slot_va + rnd_to(step, NR_SLOTS) * PAGE_SIZE : rnd(step);
	case SCRATCH_VA:
		return rnd_to(step, 8) ? scratch_va : 0;
	case SMALL:
		return rnd_to(step, 8) ? rnd_to(step, 16) : boundary(step);
	case FEW:
		return rnd_to(step, 64);
	case BOOL:
		return rnd_to(step, 8) ? rnd_to(step, 2) : rnd(step);
	case ANY:
		return rnd_to(step, 2) ? boundary(step) : rnd(step);
	}

	return 0;
}

/* --- what comes back --- */

static bool is_errno(s64 ret)
{
	return ret < 0 && ret >= -MAX_ERRNO;
}

static bool fits(enum result result, s64 ret, s64 was)
{
	switch (result) {
	case RES_VOID:
		return ret == was;
	case RES_ERRNO:
		return !ret || is_errno(ret);
	case RES_BOOL:
		return ret == 0 || ret == 1 || is_errno(ret);
	case RES_HANDLE:
		return (ret >= first_handle && ret < first_handle + 256) || is_errno(ret);
	case RES_POOL_PFN:
		return (ret >= pool_pfn && ret < pool_pfn + POOL_PAGES) || is_errno(ret);
	case RES_ANY:
		return true;
	}

	return false;
}

static const char *other_registers(const u64 *x, const struct arm_smccc_1_2_regs *out)
{
	const unsigned long *regs = (const unsigned long *)out;
	int i;

	for (i = 2; i < 18; i++) {
		if (regs[i] != (i < NR_ARGS + 2 ? x[i] : i))
			return "another register changed";
	}

	return NULL;
}

/* Members of the ops table that give back an int say nothing of the upper half. */
static s64 returned(const struct call *call, const struct arm_smccc_1_2_regs *out)
{
	return !call->id && call->result == RES_ERRNO ? (int)out->a1 : (s64)out->a1;
}

/* What is wrong with it, or NULL */
static const char *judge(const struct call *call, const struct step *step, const u64 *x,
			 const struct arm_smccc_1_2_regs *out)
{
	s64 ret = returned(call, out);

	/* Those of modules answer as they like, and are there for the probe */
	if (call->id && out->a0 == (u64)SMCCC_RET_NOT_SUPPORTED)
		return out->a1 == x[1] ? other_registers(x, out) : "refused, with x1 changed";
	if (call->id && other_registers(x, out))
		return other_registers(x, out);

	if (out->a0 != SMCCC_RET_SUCCESS)
		return "neither done nor refused";
	if (!fits(call->result, ret, x[1]))
		return "not what it can give back";
	if (call->result == RES_ERRNO && !ret &&
	    step->classes & ~(BIT(POOL_PAGE) | call->may_have))
		return "done, with a page that is not the host's to use";

	return NULL;
}

static void report(struct attack_run *run, const char *name, const char *what, const u64 *x,
		   const struct arm_smccc_1_2_regs *out, u64 classes)
{
	scnprintf(run->violation, sizeof(run->violation),
		  "step %llu, %s %#llx(%#llx, %#llx, %#llx, %#llx, %#llx) gave %#lx, %#lx, %#lx, %#lx, %#lx, %#lx: %s (classes %#llx)",
		  run->first, name, x[0], x[1], x[2], x[3], x[4], x[5], out->a0, out->a1,
		  out->a2, out->a3, out->a4, out->a5, what, classes);
}

static void make_call(struct attack_run *run, const struct call *call, struct step *step)
{
	u64 x[NR_ARGS + 2] = { call->id }, *args = x + 1;
	struct arm_smccc_1_2_regs out;
	unsigned long flags;
	const char *what;
	int i;

	if (!call->id) {
		if (!probe_call)
			return;
		x[0] = probe_call;
		x[1] = PROBE_OP;
		x[2] = call->member;
		args = x + 3;
	}
	for (i = 0; i < NR_ARGS && args + i < x + ARRAY_SIZE(x); i++)
		args[i] = make_arg(step, call, call->args[i]);

	if (!rnd_to(step, 16))
		x[0] |= ARM_SMCCC_1_3_SVE_HINT;

	/* As around a vcpu's run, which is what this may be. */
	local_irq_save(flags);
	attack_hvc(x, &out);
	local_irq_restore(flags);

	what = judge(call, step, x, &out);
	if (what)
		report(run, call->name, what, x, &out, step->classes);

	i = call - calls;
	atomic64_inc(&made[i]);
	if (out.a0 == SMCCC_RET_SUCCESS &&
	    (call->result == RES_VOID || !is_errno(returned(call, &out))))
		atomic64_inc(&succeeded[i]);
}

/* More than the modules of the test have. */
#define MODULE_CALLS	24

/* A number that is nobody's, or of a module. */
static void other_call(struct attack_run *run, struct step *step)
{
	u64 x[NR_ARGS + 2] = { }, first = KVM_HOST_SMCCC_ID(__KVM_HOST_SMCCC_FUNC_MAX);
	struct arm_smccc_1_2_regs out;
	int i;

	if (rnd_to(step, 2)) {
		x[0] = first + rnd_to(step, rnd_to(step, 4) ? MODULE_CALLS : 1024);
	} else {
		do {
			x[0] = rnd_to(step, 2) ? boundary(step) : rnd_to(step, 2) ?
			       rnd(step) & 0xffffffff : rnd(step);
		} while ((x[0] & ~ARM_SMCCC_CALL_HINTS) - KVM_HOST_SMCCC_ID(0) < 0x10000);
	}
	/* Whoever may call it can do anything. */
	if (x[0] == probe_call)
		return;
	for (i = 1; i < ARRAY_SIZE(x); i++)
		x[i] = make_arg(step, &(struct call){ }, rnd_to(step, ANY + 1));

	attack_hvc(x, &out);
	atomic64_inc(out.a0 == (u64)SMCCC_RET_NOT_SUPPORTED ? &made_unknown : &made_module);

	/* A module's may give back what an unknown one does, and anything beside it. */
	if (x[0] - first >= MODULE_CALLS && out.a0 == (u64)SMCCC_RET_NOT_SUPPORTED &&
	    other_registers(x, &out))
		report(run, "an unknown one", "a register changed", x, &out, 0);
	else if (x[0] - first >= 512 && out.a0 != (u64)SMCCC_RET_NOT_SUPPORTED)
		report(run, "an unknown one", "somebody took it", x, &out, 0);
}

/* Only to be refused: what is not is found, and nothing has to be undone. */
static bool may_be_of_others(const struct call *call)
{
	bool takes_page = false;
	int i;

	if (!call->weight || call->steps || call->result == RES_VOID)
		return false;

	for (i = 0; i < NR_ARGS; i++) {
		switch (call->args[i]) {
		case PFN:
		case PHYS:
		case HYP_VA:
			takes_page = true;
			break;
		case HANDLE:
		case OWN_HANDLE:
		case KVM_VA:
		case VCPU_VA:
		case PAGES_VA:
			return false;
		default:
			break;
		}
	}

	return takes_page;
}

static void call_of_others(struct attack_run *run, struct step *step)
{
	const struct call *call;

	step->others_only = true;
	if (!rnd_to(step, 4)) {
		other_call(run, step);
		return;
	}

	do {
		call = &calls[rnd_to(step, nr_calls)];
	} while (!may_be_of_others(call));
	make_call(run, call, step);
}

int random_run(struct attack_run *run)
{
	struct step step = {
		.state = run->seed + (run->stream << 56) + run->first * 0xd1342543de82ef95,
	};
	const struct call *call = calls;
	u64 which;

	rnd(&step);
	if (run->others_only) {
		call_of_others(run, &step);
		return 0;
	}
	if (!rnd_to(&step, 32)) {
		other_call(run, &step);
		return 0;
	}

	for (which = rnd_to(&step, total_weight); which >= call->weight; call++)
		which -= call->weight;

	if (call->steps == step_alloc && run->no_heap)
		return 0;

	if (call->steps) {
		call->steps(&step);
		atomic64_inc(&made[call - calls]);
	} else {
		make_call(run, call, &step);
	}

	return 0;
}

int random_stat(struct attack_stat *stat)
{
	u64 i = stat->index;

	if (i < nr_calls) {
		strscpy(stat->name, calls[i].name);
		stat->calls = atomic64_read(&made[i]);
		stat->successes = atomic64_read(&succeeded[i]);
	} else if (i == nr_calls) {
		strscpy(stat->name, "calls of modules");
		stat->calls = atomic64_read(&made_module);
		stat->successes = stat->calls;
	} else if (i == nr_calls + 1) {
		strscpy(stat->name, "numbers of no call");
		stat->calls = atomic64_read(&made_unknown);
		stat->successes = 0;
	} else {
		return -ENOENT;
	}

	return 0;
}

void random_init(void)
{
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(gfns) > 64);
	for (i = 0; i < nr_calls; i++)
		total_weight += calls[i].weight;
}
