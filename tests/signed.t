#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Modules that are signed, and have to be: the kernel has its keys by the time that it
# loads those with EL2 parts.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

grep -q '^CONFIG_MODULE_SIG=y' "$kdir/.config" || {
	echo "1..0 # SKIP the kernel has no CONFIG_MODULE_SIG: CONFIG_FRAGMENTS=signed"
	exit 0
}
hash=$(sed -n 's/^CONFIG_MODULE_SIG_HASH="\(.*\)"/\1/p' "$kdir/.config")

# sign NAME KEY CERTIFICATE: hello.ko, in a directory of that name
sign() {
	mkdir "$tmp/$1"
	"$kdir/scripts/sign-file" "$hash" "$2" "$3" "$hello" "$tmp/$1/hello.ko"
}

module modules/hello
hello=$ko
[ -n "$hello" ]
ok $? "hello builds"
mkdir "$tmp/unsigned" "$tmp/changed"
cp "$hello" "$tmp/unsigned"
runs "it can be signed with the kernel's key" sign signed "$kdir/certs/signing_key.pem" "$kdir/certs/signing_key.x509"
runs "pkvm-modcheck takes it then as well" "$top/tools/modcheck.sh" "$kdir" -q "$tmp/signed/hello.ko"
runs "there is a key that the kernel does not have" openssl req -new -x509 -nodes -newkey rsa:2048 \
	-subj /CN=other -keyout "$tmp/other.pem" -out "$tmp/other.x509" -outform DER
runs "... to sign it with" sign other "$tmp/other.pem" "$tmp/other.x509"
cp "$tmp/signed/hello.ko" "$tmp/changed"
poke_section "$tmp/changed/hello.ko" .hyp.text 0 0xd503201fd503201f

# loads CASE DIR ARGUMENTS... / refused CASE DIR ARGUMENTS...: in both modes
loads() {
	local cpu case=$1 dir=$2
	both --ko "$tmp/$dir/hello.ko" "${@:3}"
	for cpu in $modes; do
		of "$cpu"
		[ "$status" = 0 ] && grep -q '^  hello: loaded, at EL2 address' "$out"
		ok $? "$(mode_of "$cpu"): $case: it is loaded"
	done
}
refused() {
	local cpu case=$1 dir=$2
	both --ko "$tmp/$dir/hello.ko" "${@:3}"
	for cpu in $modes; do
		of "$cpu"
		[ "$status" = 2 ] && grep -qE '^  hello: failed: .*: Key was rejected by service$' "$out" &&
			grep -qE '^Protected VMs: denied: hello: .*: Key was rejected by service$' "$out"
		ok $? "$(mode_of "$cpu"): $case: it is refused, with the reason, and no protected VM runs"
	done
}
enforced=(--append module.sig_enforce=1)

loads "signed, where it has to be" signed "${enforced[@]}"
for cpu in $modes; do
	of "$cpu"
	hasnt 'hello: module verification failed' "$(mode_of "$cpu"): ... and the kernel has nothing against it"
	once 'Loading compiled-in X.509 certificates' "$(mode_of "$cpu"): ... and loads its keys once"
done
loads "unsigned, where that may be" unsigned
for cpu in $modes; do
	of "$cpu"
	has 'hello: module verification failed.* tainting kernel' "$(mode_of "$cpu"): ... and the kernel says so"
done
refused "unsigned, where it has to be signed" unsigned "${enforced[@]}"
refused "with a key that the kernel does not have" other "${enforced[@]}"
refused "changed after it was signed" changed

done_testing
