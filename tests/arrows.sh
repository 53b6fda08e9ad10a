#!/bin/sh
# SPDX-License-Identifier: MIT
# Who may use whom: by the includes of each part, and by the libraries that what was built asks for.
set -u
. "$srcdir/tests/tap.sh"

# includes PART ALLOWED...: the part's sources include, of our own parts, only those (and itself).
includes() {
  part=$1 name=${1##*/}
  shift
  [ -d "$top_srcdir/$part" ] || return 0
  pattern=$(printf '|%s' "$name" "$@")
  # A header of another part is "part/name.h"; the ABI is <weir/…>; a part's own may be named without its folder.
  # Its tests may use more.
  bad=$(grep -rnE --include='*.[ch]' --exclude='test[-_]*' \
    '^ *# *include *"(\.\.|base|core|expression|ml|near|net|store|report|harness|cli|abi|plugins)/' "$top_srcdir/$part" |
    grep -vE "include *\"(${pattern#|})/")
  if [ -z "$bad" ]; then ok "$part includes what it may"; else not_ok "$part includes what it may" "$bad"; fi
}

# not_included PART HEADERS: none of these system headers (a pattern).
not_included() {
  [ -d "$top_srcdir/$1" ] || return 0
  bad=$(grep -rnE --include='*.[ch]' "^ *# *include *<($2)" "$top_srcdir/$1")
  if [ -z "$bad" ]; then ok "$1 does not include $2"; else not_ok "$1 does not include $2" "$bad"; fi
}

includes framework/abi
includes framework/base
includes framework/core base
includes framework/expression base
includes framework/ml base
includes framework/near ml base
includes framework/net base
includes framework/store base
includes framework/report base
includes framework/harness core base
includes framework/cli core report harness store net base
for plugin in "$top_srcdir"/plugins/*/; do
  plugin=${plugin%/}
  includes "plugins/${plugin##*/}" expression ml near net store base
done

not_included framework/abi 'glib|gio|json-glib'
not_included framework/base 'curl|archive|cblas|openblas|weir/'
not_included framework/core 'curl|archive|cblas|openblas'
not_included framework/expression "curl|archive|cblas|openblas"
not_included framework/ml 'curl|archive|weir/'
not_included framework/near 'curl|archive|cblas|openblas'
not_included framework/net 'archive|cblas|openblas|weir/'
not_included framework/store 'curl|cblas|openblas|weir/'
not_included framework/report 'curl|archive|cblas|openblas|weir/'

# Stages know only the ABI: not the host's header.
bad=$(grep -rnE --include='*.[ch]' 'include *[<"](core/)?weir/host.h' "$top_srcdir/plugins" "$top_srcdir/framework/ml" \
  "$top_srcdir/framework/net" "$top_srcdir/framework/store" "$top_srcdir/framework/base" 2>/dev/null)
if [ -z "$bad" ]; then ok "no stage sees the host"; else not_ok "no stage sees the host" "$bad"; fi

# needs_not FILE PATTERN: the built file asks for none of these libraries.
needs_not() {
  [ -e "$1" ] || return 0
  bad=$(readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -E "$2")
  if [ -z "$bad" ]; then ok "${1##*/} needs none of $2"; else not_ok "${1##*/} needs none of $2" "$bad"; fi
}

needs_not "$top_builddir/.libs/libweir-1.so" 'libcurl|openblas|libblas|libarchive|libpq|libsqlite|libcuda'
for program in pipeline-run pipeline-inspect; do
  file=$top_builddir/.libs/$program
  [ -e "$file" ] || file=$top_builddir/$program
  needs_not "$file" 'libcurl|openblas|libblas|libarchive|libpq|libsqlite|libcuda'
done
for stage in "$top_builddir"/stages/*.so; do
  [ -e "$stage" ] && needs_not "$stage" '^libweir|libpq|libcuda'
done
plan
