#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: bench/compare.sh OLD.json NEW.json
#
# What has changed between two results of make bench.
set -euo pipefail

[ $# = 2 ] || { echo "usage: $0 OLD.json NEW.json" >&2; exit 2; }

jq -r '"\nAgainst \(.date), \(.commit), Linux \(.linux), \(.compiler), \(.qemu):"' "$1"
jq -nr --slurpfile old "$1" --slurpfile new "$2" '
	def key: "\(.cpu) \(.kernel) \(.name)";
	($old[0].values | map({ (key): .value }) | add) as $was |
	($new[0].values | map({ (key): .value }) | add) as $is |
	[$is | to_entries[] | select(.key | test("edit_seconds|free_pages") | not) |
	 select($was[.key] != .value) |
	 "  \(.key): \($was[.key] // "nothing") -> \(.value)"] +
	[$was | keys[] | select($is[.] == null) | "  \(.): is not there any more"] |
	if length == 0 then "  all the same" else .[] end'
