#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/fetch-deb.sh DEST PACKAGE[:ARCH] SUITE...
#
# Downloads a Debian package into DEST, newest of what the SUITEs have ("host" is
# this machine's own release), and prints its path. Nothing is installed. apt
# does it and checks the signatures, in a state directory of our own: the
# machine's sources are read for the mirror's address and otherwise left alone.
# PKVM_MIRROR= names another mirror.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"

[ $# -ge 3 ] || die "usage: $0 DEST PACKAGE[:ARCH] SUITE..."
mkdir -p "$1"
dest=$(realpath "$1")
package=${2%%:*}
host_arch=$(dpkg --print-architecture)
arch=$host_arch
[[ $2 != *:* ]] || arch=${2##*:}
shift 2

suites=()
for suite in "$@"; do
	# shellcheck source=/dev/null
	[ "$suite" != host ] || suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
	suites+=("$suite")
done

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keyring" ] || die "$keyring is missing; apt-get install debian-archive-keyring"

state=$dest/.apt
conf=$state/apt.conf
sources=$state/sources.list
mkdir -p "$state"/{lists,cache}/partial
: >"$state/preferences"

# Machine-wide hooks are for the machine's own state; pins and sources too. What
# stays is what is needed to get out: proxies, credentials, certificates.
cat >"$conf" <<END
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear APT::Architectures;
APT::Architectures { "$host_arch"; "$arch"; };
APT::Sandbox::User "root";
APT::Default-Release "";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
APT::Get::AllowUnauthenticated "false";
Dir::Etc::sourcelist "$sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "$state/preferences";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$state";
Dir::State::lists "$state/lists";
Dir::State::status "/dev/null";
Dir::Cache "$state/cache";
END

# mirrors: where this machine gets Debian itself from, likeliest first. Others'
# repositories use Debian's suite names as well; their signature then tells.
mirrors() {
	if [ -n "${PKVM_MIRROR:-}" ]; then
		echo "$PKVM_MIRROR"
		return
	fi
	# update --print-uris knows both forms of sources, and needs no lists fetched yet
	apt-get update --print-uris 2>/dev/null |
		sed -nE "s|^'(.*)/dists/([^/]+)/InRelease' .*|\1 \2|p" |
		awk '$2 !~ /security|updates|backports/ && $1 !~ /^cdrom:/ \
			{ print ($1 ~ /\/debian$|debian\.list$/ ? 0 : 1), $1 }' |
		sort -u | awk 'NR == 1 { rank = $1 } $1 == rank { print $2 }'
}

# try MIRROR: 0 and $version set, if it has the package
try() {
	local suite
	for suite in "${suites[@]}"; do
		echo "deb [signed-by=$keyring arch=$arch target=Packages] $1 $suite main"
	done >"$sources"
	apt-get -q -c "$conf" update >"$state/log" 2>&1 || true
	version=$(apt-cache -c "$conf" madison "$package:$arch" 2>>"$state/log" |
		awk -F ' *[|] *' '{ print $2 }' | sort -rV | head -n 1)
	[ -n "$version" ]
}

mapfile -t found < <(mirrors)
[ ${#found[@]} -gt 0 ] ||
	die "this machine's apt names no Debian mirror; name one with PKVM_MIRROR=URL"

need_room "$dest" 200 "the package lists of ${suites[*]}"
say "fetching $package (${suites[*]})"
version=
for mirror in "${found[@]}"; do
	! try "$mirror" || break
done
if [ -z "$version" ]; then
	why=$(sed -nE 's/^[EW]: (Failed to fetch [^ ]* +)?//p' "$state/log" | head -n 1)
	if compgen -G "$state/lists/*Packages*" >/dev/null || grep -qF '404  Not Found' "$state/log"; then
		die "$mirror has no $package for $arch in ${suites[*]}${why:+ ($why)}"
	fi
	! grep -qE 'not signed|NO_PUBKEY|GPG error' "$state/log" || die "$mirror is not signed by Debian${why:+ ($why)}"
	die "no answer from the Debian mirror $mirror${why:+ ($why)}; is there a network? PKVM_MIRROR=URL names another mirror"
fi

# Found all the same: a suite that could not be had is worth a word, for it may be the newer one
sed -n 's/^E: /note: /p' "$state/log" >&2

size=$(apt-cache -c "$conf" show "$package:$arch=$version" | awk '/^Size:/ { print int($2 / 1048576) + 1; exit }')
need_room "$dest" "$size" "$package $version"
(cd "$dest" && apt-get -q -c "$conf" download "$package:$arch=$version") >"$state/log" 2>&1 ||
	die "cannot download $package $version from $mirror ($(sed -n 's/^E: //p' "$state/log" | head -n 1))"

# apt writes the version's colon as %3a
for deb in "$dest/${package}_${version//:/%3a}"_{"$arch",all}.deb; do
	[ ! -e "$deb" ] || { echo "$deb"; exit; }
done
die "apt downloaded $package $version, but not to $dest"
