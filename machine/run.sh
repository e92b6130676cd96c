#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boots the kernel with pKVM and EL2 modules in QEMU. `machine/run.sh --help`.
set -euo pipefail
shopt -s lastpipe	# filter() sets the status

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
. "$top/tools/lib.sh"
build=${PKVM_BUILD:-$top/build}

help() {
	cat <<-END
	usage: machine/run.sh [OPTION]...
	Boots the kernel in QEMU and ends with the status of what ran in it.

	  --ko FILE.ko       put this module into the initramfs, and name it in
	                     kvm-arm.protected_modules=; may be repeated
	  --named LIST       name these instead: "a,b", or "" for an empty list
	  --init MODE        run           show modules and VMs (the default)
	                     shell         a shell on the console
	                     map           nothing but two VMs that stay, for --map
	                     "/path ARGS"  a program in the machine
	  --add SRC:DEST     put a file or directory into the initramfs
	  --append WORDS     add to the kernel's command line
	  --cpu CPU          max (the default; hVHE), cortex-a53 (nVHE) ...
	  --smp N            CPUs: 2
	  --mem SIZE         memory: 1G
	  --image IMAGE      the kernel: build/linux/arch/arm64/boot/Image
	  --log FILE         the whole console: build/run/last.log
	  --timeout SECONDS  120; none for a shell
	  --verbose          show the whole kernel log
	  --qemu ARGS        more arguments for QEMU
	  --map FILE         draw FILE.txt and FILE.svg: who owns which memory in the end
	  --gdb FILE         wait for a gdb, and write to FILE what it has to run first
	  --gdb-at FUNCTION  have it stop where the kernel comes to this, instead of where
	                     the first module has its place at EL2

	A shell has QEMU's keys: ctrl-a x ends the machine, ctrl-a c is its monitor.
	END
}

image=$build/linux/arch/arm64/boot/Image
log=$build/run/last.log
cpu=max smp=2 mem=1G init=run append='' timeout='' verbose='' gdb='' gdb_at='' map=''
modules=() add=() qemu_args=()

while [ $# -gt 0 ]; do
	case $1 in
	--help)		help; exit ;;
	--verbose)	verbose=1; shift; continue ;;
	--*)		[ $# -ge 2 ] || die "$1 wants a value; see --help" ;;
	esac
	case $1 in
	--ko)		modules+=("$2") ;;
	--named)	named=$2 ;;
	--init)		init=$2 ;;
	--add)		add+=(--add "$2") ;;
	--append)	append+=" $2" ;;
	--cpu)		cpu=$2 ;;
	--smp)		smp=$2 ;;
	--mem)		mem=$2 ;;
	--image)	image=$2 ;;
	--log)		log=$2 ;;
	--timeout)	timeout=$2 ;;
	--qemu)		read -ra qemu_args <<<"$2" ;;
	--gdb)		gdb=$2 ;;
	--gdb-at)	gdb_at=$2 ;;
	--map)		map=$2 ;;
	*)		die "$1: unknown option; see --help" ;;
	esac
	shift 2
done

[ -z "$gdb" ] || : "${timeout:=0}"
case $init in
run | map | /*)	: "${timeout:=120}" ;;
shell)		: "${timeout:=0}"
		[ -t 0 ] ||
			die "a shell wants a terminal; for a script: --add FILE:/script --init /script" ;;
*)		die "--init $init: neither \"run\", \"shell\", \"map\" nor a path" ;;
esac
command -v qemu-system-aarch64 >/dev/null ||
	die "QEMU is not installed; apt-get install qemu-system-arm"
[ -f "$image" ] || die "$image: no such kernel; make linux"
release=$(grep -a -o -m 1 'Linux version [^ ]*' "$image" | awk 'NR == 1 { print $3 }') ||
	die "$image: not a Linux kernel"

# module_names FILE.ko...: as the kernel calls them
module_names() {
	basename -a -s .ko "$@" | tr - _ | paste -sd ,
}

if [ ${#modules[@]} -gt 0 ]; then
	all=$(module_names "${modules[@]}")
	# One of them would have the other's place in the initramfs
	twice=$(tr , '\n' <<<"$all" | sort | uniq -d | paste -sd ' ')
	[ -z "$twice" ] || die "--ko: two modules with the name $twice: the kernel would load one of them only"
	[ -n "${named+set}" ] || named=$all
fi

cmdline="console=ttyAMA0 panic=-1 printk.devkmsg=on"
[[ $append == *kvm-arm.mode=* ]] || cmdline+=" kvm-arm.mode=protected"
[ -z "${named+set}" ] || cmdline+=" kvm-arm.protected_modules=$named"

# What emulation is slow at: the architected pointer authentication algorithm, and
# 52-bit addresses, for the end of a VM is a walk through all of them.
[ "$cpu" != max ] || cpu=max,pauth-impdef=on,lpa2=off

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$(dirname "$log")"

# The kernel's own tool for initramfs archives lies in its build
GEN_INIT_CPIO=${image%arch/arm64/boot/*}usr/gen_init_cpio \
	"$top/machine/initramfs.sh" "$work/initramfs" "$release" "${add[@]}" "${modules[@]}"

qemu=(timeout --foreground -k 5 "$timeout" qemu-system-aarch64
	-machine "virt,virtualization=on,gic-version=3" -accel tcg -cpu "$cpu"
	-smp "$smp" -m "$mem" -nic none -display none -no-reboot
	-kernel "$image" -initrd "$work/initramfs")

# wait_for_gdb: QEMU does, before the first instruction. Without KASLR, which would
# have the kernel where its symbols are not.
wait_for_gdb() {
	! grep -qs '^CONFIG_RANDOMIZE_BASE=y' "${image%arch/arm64/boot/*}.config" || cmdline+=" nokaslr"
	qemu+=(-S -chardev "socket,id=gdb,path=$work/socket,server=on,wait=off" -gdb chardev:gdb)
	mkdir -p "$(dirname "$gdb")"
	rm -f "$gdb"
	trap 'rm -rf "$work" "$gdb"' EXIT
	"$top/machine/gdb-commands.sh" "$work" "$image" "$gdb_at" "${modules[@]}" >"$work/commands"
	# There is something to connect to a little later
	{
		while [ ! -S "$work/socket" ]; do
			[ -d "$work" ] || exit
			sleep 0.05
		done
		mv "$work/commands" "$gdb"
		say "the machine waits for gdb:  gdb-multiarch -x $gdb"
	} &
}
[ -z "$gdb" ] || wait_for_gdb

# For a map: the RAM is in a file then, and init adds to the log what it is drawn with
keep_ram() {
	local size=$mem
	[[ $size == *[!0-9]* ]] || size+=M
	cmdline+=" MAP=1"
	qemu+=(-object "memory-backend-file,id=ram,size=$size,mem-path=$work/ram,share=on"
		-machine memory-backend=ram)
}
draw_map() {
	mkdir -p "$(dirname "$map")"
	"$build/machine/map" "$work/ram" "${image%/arch/arm64/boot/*}" "$log" "$map"
}
[ -z "$map" ] || keep_ram

# wanted PRIORITY TEXT: is this record of the kernel's log worth showing? Warnings
# and worse are, and what pKVM and the modules say.
names=$(tr -cd '[:alnum:]_,' <<<"${named:-}" | tr , '|')
wanted() {
	[ "$init" = run ] || return 1
	[[ $2 != reboot:* && $2 != *": loading out-of-tree module taints kernel." ]] || return 1
	[ $(($1 % 8)) -le 4 ] || [[ $2 =~ ^(kvm\ \[1\]:\ Protected|pkvm_module:|($names):) ]]
}

# All goes into the log, and what matters to stdout. With console_msg_format=syslog
# a record of the kernel's log looks like "<6>[    0.123456] text". One may come in
# the middle of a program's line, for they share a serial port, but comes whole.
filter() {
	local LC_ALL=C line begun='' stamp text
	local record='^(.*)<([0-9]+)>(\[ *[0-9]+\.[0-9]+\] )(.*)$'
	local end=$'^(.*)\rmachine: exit ([0-9]+)$' section=$'^(.*)\r(machine: section .*)$'

	while IFS= read -r line || [ -n "$line" ]; do
		line=${line%$'\r'}
		if [[ $line =~ $record ]]; then
			begun+=${BASH_REMATCH[1]}
			stamp=${BASH_REMATCH[3]} text=${BASH_REMATCH[4]}
			printf '%s\n' "$stamp$text" >&3
			if [ -n "$verbose" ]; then
				printf '%s\n' "$stamp$text"
			elif wanted "${BASH_REMATCH[2]}" "$text"; then
				printf '%s\n' "$text"
			fi
			continue
		fi
		line=$begun$line begun=''
		if [[ $line =~ $end ]]; then
			line=${BASH_REMATCH[1]} status=${BASH_REMATCH[2]}
			[ -n "$line" ] || continue
		elif [[ $line =~ $section ]]; then
			printf '%s\n' "${BASH_REMATCH[2]}" >&3
			line=${BASH_REMATCH[1]}
			[ -n "$line" ] || continue
		fi
		printf '%s\n' "$line"
		printf '%s\n' "$line" >&3
	done
	[ -z "$begun" ] || printf '%s\n' "$begun"
}

run_filtered() {
	cmdline+=" loglevel=8 console_msg_format=syslog"
	"${qemu[@]}" -append "$cmdline$append -- $init" \
		-serial stdio -monitor none "${qemu_args[@]}" \
		</dev/null 2>"$work/qemu.log" | filter 3>"$log" || qemu_status=${PIPESTATUS[0]}
}

run_interactive() {
	local lines columns
	read -r lines columns < <(stty size)
	cmdline+=" loglevel=$((verbose ? 8 : 5)) TERM=${TERM:-vt100} LINES=$lines COLUMNS=$columns"
	"${qemu[@]}" -append "$cmdline$append -- shell" \
		-chardev "stdio,id=console,mux=on,signal=off,logfile=$log" \
		-serial chardev:console -mon console "${qemu_args[@]}" || qemu_status=$?
	status=$(sed -n $'s/.*\rmachine: exit \([0-9]*\)\r.*/\\1/p' "$log" | tail -n 1)
}

status='' qemu_status=0
if [ "$init" = shell ]; then
	run_interactive
else
	run_filtered
fi
[ -z "$status" ] || [ -z "$map" ] || draw_map || status=1
[ -z "$status" ] || exit "$status"
if [ -n "$gdb" ] && grep -qs 'Terminated via GDBstub' "$work/qemu.log"; then
	say "the machine was ended by gdb"
	exit
fi

if "$top/machine/panic.sh" "$log" "${modules[@]}" >"$work/panic"; then
	cat "$work/panic"
	die "the hypervisor panicked; the log is $log"
fi

panic=$(tr -d '\r' <"$log" | sed -n 's/.*Kernel panic - not syncing: //p' | head -n 1)
if [ -n "$panic" ]; then
	# From the first sign of trouble on; the other modes have shown it as it came
	[[ $init != /* ]] || sed -n '/ BUG at: \|Internal error: \|Kernel panic/,$p' "$log"
	die "the kernel panicked: $panic; the log is $log"
elif [ "$qemu_status" = 124 ] || [ "$qemu_status" = 137 ]; then
	die "the machine did not end in $timeout s and was stopped; the log is $log"
elif [ -s "$work/qemu.log" ]; then
	die "QEMU failed: $(sed 's/^qemu-system-aarch64: //; q' "$work/qemu.log")"
else
	die "the machine ended without a status; the log is $log"
fi
