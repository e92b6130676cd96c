/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As little of a module as pkvm-modcheck has nothing to say of. modcheck.t adds what is
 * wrong at the end, or by symbols that it defines.
 */
	.ifndef VERSION
	.set	VERSION, 1
	.endif

	.ifndef NO_MODULE
	.section .gnu.linkonce.this_module, "aw"
__this_module:
	.zero	64
	.endif

	.section .plt, "ax"
	.byte	0
	.section .init.plt, "ax"
	.byte	0

	.section .modinfo, "a"
	.ifndef NO_LICENSE
	.asciz	"license=GPL"
	.endif

	/* --- EL1 --- */

	.section .init.text, "ax"
	.type	init_module, %function
init_module:
	.ifndef NO_LOAD
	mov	w1, #VERSION
	mov	x2, #1024
	.ifdef INIT_AT_EL1
	adrp	x3, init_module
	add	x3, x3, :lo12:init_module
	.else
	adrp	x3, __kvm_nvhe_init
	add	x3, x3, :lo12:__kvm_nvhe_init
	.endif
	mov	x4, #0
	bl	__pkvm_load_el2_module
	.endif
	.ifdef CALL_AT_EL1
	adrp	x0, init_module
	add	x0, x0, :lo12:init_module
	.else
	adrp	x0, __kvm_nvhe_call
	add	x0, x0, :lo12:__kvm_nvhe_call
	.endif
	bl	__pkvm_register_el2_mod_call
	ret
	.size	init_module, . - init_module

	/* --- EL2 --- */

	.section .hyp.reloc, "a"

	.section .hyp.bss, "aw", %nobits
	.balign	4096
	.type	__kvm_nvhe_pkvm_ops, %object
	.size	__kvm_nvhe_pkvm_ops, 4096
__kvm_nvhe_pkvm_ops:
	.zero	4096

	.section .hyp.data, "aw"
	.balign	4096
	.zero	4096

	.section .hyp.rodata, "a"
	.balign	4096
	.zero	4096

	.ifdef NO_CODE
	.section .hyp.text, "ax", %nobits
	.balign	4096
	.set	__kvm_nvhe_init, .
	.set	__kvm_nvhe_call, .
	.zero	4096
	.else
	.section .hyp.text, "ax"
	.balign	4096
	.type	__kvm_nvhe_init, %function
__kvm_nvhe_init:
	adrp	x1, __kvm_nvhe_pkvm_ops
	str	x0, [x1, :lo12:__kvm_nvhe_pkvm_ops]
	mov	x0, #0
	ret
	.size	__kvm_nvhe_init, . - __kvm_nvhe_init

	.type	__kvm_nvhe_call, %function
__kvm_nvhe_call:
	stp	x29, x30, [sp, #-16]!
	adrp	x1, __kvm_nvhe_pkvm_ops
	ldr	x1, [x1, :lo12:__kvm_nvhe_pkvm_ops]
	/* puts */
	ldr	x1, [x1, #8 * 45]
	blr	x1
	ldp	x29, x30, [sp], #16
	ret
	.size	__kvm_nvhe_call, . - __kvm_nvhe_call
	.endif
