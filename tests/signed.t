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
# shellcheck disable=SC2154 # modules sets it
sign() {
	mkdir "$tmp/$1"
	"$kdir/scripts/sign-file" "$hash" "$2" "$3" "$hello" "$tmp/$1/hello.ko"
}

modules modules/hello
mkdir "$tmp/changed"
runs "it can be signed with the kernel's key" sign signed "$kdir/certs/signing_key.pem" "$kdir/certs/signing_key.x509"
runs "pkvm-modcheck takes it then as well" "$top/tools/modcheck.sh" "$kdir" -q "$tmp/signed/hello.ko"
runs "there is a key that the kernel does not have" openssl req -new -x509 -nodes -newkey rsa:2048 \
	-subj /CN=other -keyout "$tmp/other.pem" -out "$tmp/other.x509" -outform DER
runs "... to sign it with" sign other "$tmp/other.pem" "$tmp/other.x509"
cp "$tmp/signed/hello.ko" "$tmp/changed"
poke_section "$tmp/changed/hello.ko" .hyp.text 0 0xd503201fd503201f

enforced=(--append module.sig_enforce=1)
because="hello=$(not_loadable hello 'Key was rejected by service')"

load_accepted "signed, where it has to be" hello "${enforced[@]}" --ko "$tmp/signed/hello.ko"
for cpu in $modes; do
	of "$cpu"
	hasnt 'hello: module verification failed' "$(mode_of "$cpu"): ... and the kernel has nothing against it"
	once 'Loading compiled-in X.509 certificates' "$(mode_of "$cpu"): ... and loads its keys once"
done
load_accepted "unsigned, where that may be" hello --ko "$hello"
for cpu in $modes; do
	of "$cpu"
	has 'hello: module verification failed.* tainting kernel' "$(mode_of "$cpu"): ... and the kernel says so"
done
load_refused "unsigned, where it has to be signed" "$because" -- "${enforced[@]}" --ko "$hello"
load_refused "with a key that the kernel does not have" "$because" -- "${enforced[@]}" --ko "$tmp/other/hello.ko"
load_refused "changed after it was signed" "$because" -- --ko "$tmp/changed/hello.ko"

done_testing
