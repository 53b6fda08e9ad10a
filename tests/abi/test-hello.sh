#!/bin/sh
# SPDX-License-Identifier: MIT
# A stage as a third party writes it: one file, one header, one compiler line, outside the tree, with only what
# pkg-config gives; in a pipeline of the installed host.
set -u
. "$srcdir/tests/tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
prefix=$work/usr
source=$top_srcdir/tests/abi/upper.c

lines=$(wc -l <"$source")
if [ "$lines" -le 40 ]; then ok "at most 40 lines"; else not_ok "at most 40 lines" "$lines"; fi
if [ "$(grep -c '#include' "$source")" = 1 ]; then ok "one header"; else not_ok "one header"; fi

# The install of this tree under another prefix: what is relative to ${prefix} in the .pc file follows.
# libtool links again while it installs, in the build tree: one installation at a time.
if env -u MAKEFLAGS -u MAKELEVEL flock "$top_builddir/tests/install.lock" make -C "$top_builddir" install \
  prefix="$prefix" exec_prefix="$prefix" >"$work/install.log" 2>&1; then
  ok "make install"
else
  not_ok "make install" "$(tail -n 20 "$work/install.log")"
  plan
  exit 0
fi
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name weir-1.pc)")
export PKG_CONFIG_PATH
pc() { pkg-config --define-variable=prefix="$prefix" --define-variable=exec_prefix="$prefix" "$@"; }
if [ -z "$(pc --libs weir-1 | tr -d ' ')" ]; then ok "nothing to link to"; else not_ok "nothing to link to" "$(pc --libs weir-1)"; fi
if [ "$(pc --variable=abi_major weir-1)" = 1 ]; then ok "abi_major"; else not_ok "abi_major"; fi

LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
WEIR_PLUGIN_PATH=.:$(pc --variable=stagedir weir-1)
export LD_LIBRARY_PATH WEIR_PLUGIN_PATH

mkdir "$work/hello"
cp "$source" "$work/hello/"
cd "$work/hello" || exit 99
printf 'text,label\n"Grüße, World",a\nsecond line,b\n' >in.csv
cat >hello.json <<'END'
{ "weir": 1, "name": "hello",
  "stages": {
    "load":  { "use": "file.read", "options": { "path": "in.csv" } },
    "upper": { "use": "upper.text", "from": "load", "options": { "field": "text" } },
    "save":  { "use": "file.write", "from": "upper", "options": { "path": "out.csv" } } } }
END
case $SANITIZERS in no) sanitize= ;; *) sanitize=-fsanitize=$SANITIZERS ;; esac
compilers=${CC%% *}
[ "$SANITIZERS" = no ] && compilers=$(printf '%s\n' "$compilers" gcc clang | sort -u)
for compiler in $compilers; do
  if ! command -v "$compiler" >/dev/null; then
    continue
  fi
  rm -f upper.so out.csv
  # shellcheck disable=SC2046,SC2086
  warnings=$($compiler $sanitize -Wall -Wextra -O2 -shared -fPIC $(pc --cflags weir-1) -o upper.so upper.c 2>&1)
  if [ -f upper.so ] && [ -z "$warnings" ]; then ok "$compiler: no warning"; else not_ok "$compiler: no warning" "$warnings"; fi
  if out=$("$prefix/bin/pipeline-run" --run-dir "run-$compiler" hello.json 2>&1) &&
    [ "$(cat out.csv)" = "$(printf 'text,label\n"GRüßE, WORLD",a\nSECOND LINE,b')" ]; then
    ok "$compiler: runs in a pipeline"
  else
    not_ok "$compiler: runs in a pipeline" "$out$(cat out.csv 2>/dev/null)"
  fi
done
plan
