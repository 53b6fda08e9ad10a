#!/bin/sh
# SPDX-License-Identifier: MIT
# A program that embeds the host: the installed example, built with only what pkg-config gives, runs a pipeline.
set -u
. "$srcdir/tests/tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
prefix=$work/usr

# One installation at a time: libtool links again in the build tree while it installs.
if env -u MAKEFLAGS -u MAKELEVEL flock "$top_builddir/tests/install.lock" make -C "$top_builddir" install \
  prefix="$prefix" exec_prefix="$prefix" >"$work/install.log" 2>&1; then
  ok "make install"
else
  not_ok "make install" "$(tail -n 20 "$work/install.log")"
  plan
  exit 0
fi
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name weir-host-1.pc)")
# As if it had been configured there. (--define-variable would move GLib, too.)
sed -i "s|^prefix=.*|prefix=$prefix|; s|^exec_prefix=.*|exec_prefix=$prefix|" "$PKG_CONFIG_PATH"/weir*.pc
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export PKG_CONFIG_PATH LD_LIBRARY_PATH
unset WEIR_PLUGIN_PATH

cd "$work" || exit 99
example=$(find "$prefix" -name example-host.c)
if [ -n "$example" ]; then ok "the example is installed"; else not_ok "the example is installed"; fi
case $SANITIZERS in no) sanitize= ;; *) sanitize=-fsanitize=$SANITIZERS ;; esac
# shellcheck disable=SC2046,SC2086
warnings=$(${CC%% *} $sanitize -Wall -Wextra -o example "$example" $(pkg-config --cflags --libs weir-host-1) 2>&1)
if [ -x example ] && [ -z "$warnings" ]; then ok "it compiles without a warning"; else not_ok "it compiles without a warning" "$warnings"; fi
for library in json-glib crypto openblas archive; do
  case $(pkg-config --libs weir-host-1) in
  *"$library"*) not_ok "a program does not link to $library" "$(pkg-config --libs weir-host-1)" ;;
  *) ok "a program does not link to $library" ;;
  esac
done

printf 'text,label\none,a\ntwo,b\n' >in.csv
cat >copy.json <<'END'
{ "weir": 1, "name": "copy",
  "parameters": { "input": { "type": "input-path" } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "${input}" } },
    "save": { "use": "file.write", "from": "load", "options": { "path": "out.csv" } } } }
END
# Stages of the installed tree are found beside the library, or by its stage folder.
WEIR_PLUGIN_PATH=$(pkg-config --variable=stagedir weir-host-1)
export WEIR_PLUGIN_PATH
out=$(./example copy.json input=in.csv 2>&1)
status=$?
if [ $status -eq 0 ] && cmp -s in.csv out.csv; then ok "it runs a pipeline"; else not_ok "it runs a pipeline" "status $status: $out"; fi
for line in 'pipeline "copy" runs in ' 'load: running' 'save: done'; do
  case $out in *"$line"*) ok "it hears: $line" ;; *) not_ok "it hears: $line" "$out" ;; esac
done
out=$(./example copy.json inupt=in.csv 2>&1)
status=$?
case $status:$out in
2:*'no parameter "inupt"; did you mean "input"?'*) ok "an error comes with its exit code" ;;
*) not_ok "an error comes with its exit code" "status $status: $out" ;;
esac
plan
