#!/bin/sh
# SPDX-License-Identifier: MIT
# Freezes the ABI's headers as released: freeze.sh copies them to MAJOR.MINOR/ beside this script, once.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
headers=$here/../../framework/abi/weir
number() { sed -n "s/^#define WEIR_ABI_$1 \([0-9]*\)\$/\1/p" "$headers/plugin.h"; }
to=$here/$(number MAJOR).$(number MINOR)/weir
if [ -d "$to" ]; then
  echo "freeze.sh: $to is frozen already; a change of the headers needs a new WEIR_ABI_MINOR" >&2
  exit 1
fi
mkdir -p "$to"
cp "$headers/plugin.h" "$headers/columns.h" "$to/"
echo "$to"
