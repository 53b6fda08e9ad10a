#!/bin/bash
# SPDX-License-Identifier: MIT
# Looks for mistakes and strange layout in every C file: clang-format, clang-tidy (.clang-tidy), cppcheck.
#
#   tests/lint.sh [FILE.c...]   the whole repository, or these files alone
#
# Needs a configured build folder (top_builddir, else build/) for config.h. Exit status: 0 clean, 1 findings,
# 2 it cannot look.
set -uo pipefail
build=$(realpath "${top_builddir:-build}")
cd "$(dirname "$0")/.." || exit 2
jobs=$(nproc 2>/dev/null || echo 2)
failed=0

cannot() {
  printf 'lint: %s\n' "$*" >&2
  exit 2
}

for tool in git clang-format clang-tidy cppcheck pkg-config; do
  command -v "$tool" >/dev/null || cannot "$tool is missing; install it"
done
[ -f "$build/config.h" ] || cannot "there is no config.h in $build; configure there, or name the folder in top_builddir"

# New files count before they are added, and deleted ones no longer.
existing() {
  git ls-files --cached --others --exclude-standard -- "$@" | sort -u | while IFS= read -r file; do
    [ ! -f "$file" ] || printf '%s\n' "$file"
  done
}
if [ $# -gt 0 ]; then
  layout=("$@") sources=("$@")
else
  mapfile -t layout < <(existing '*.c' '*.h')
  mapfile -t sources < <(existing '*.c')
fi
[ ${#sources[@]} -gt 0 ] || cannot "there are no C files, or this is no git checkout"

packages=$(pkg-config --cflags glib-2.0 gio-2.0 gio-unix-2.0 json-glib-1.0 yaml-0.1 libcrypto libarchive openblas libutf8proc libxxhash) ||
  cannot "pkg-config does not find the libraries"
ours="-I$build -Iframework -Iframework/abi -Iframework/core -Iframework/harness -DHAVE_CONFIG_H"

clang-format --dry-run -Werror "${layout[@]}" || failed=1

# cppcheck's own descriptions stand in for the libraries' headers: with all of GLib read it would take minutes.
# What it is told not to say:
#   memleak                it takes no g_thread_join() for an end; LeakSanitizer looks after leaks
#   resourceLeak, leakNoVarFunctionCall   a plugin is never closed; trial.c ends with its process
#   autoVariables          pool.c hands out its frame, and waits until nobody holds it
#   invalidPointerCast     features_fit.c lays the tables of a model into one block, aligned, as they lie in a file
#   readdirCalled          readdir() on one's own DIR is safe in glibc, and readdir_r() deprecated
#   assertWithSideEffect   g_assert_…() of GLib's tests are never compiled out
#   varFuncNullUB          NULL is a pointer in gcc and clang
# shellcheck disable=SC2086
cppcheck --quiet -j "$jobs" --std=c11 --library=gtk,posix,gnu --enable=warning,performance,portability \
  --inline-suppr --error-exitcode=1 $ours -D__GNUC__=12 -D__x86_64__=1 -D__linux__=1 "-DG_GNUC_PRINTF(f,a)=" "-DElfW(type)=Elf64_##type" \
  --suppress=memleak --suppress=resourceLeak:framework/core/loader.c \
  --suppress=leakNoVarFunctionCall:framework/core/trial.c --suppress=autoVariables:framework/core/pool.c \
  --suppress=invalidPointerCast:framework/ml/features_fit.c --suppress=readdirCalled \
  --suppress=assertWithSideEffect --suppress=varFuncNullUB "${sources[@]}" || failed=1

# The text of a finding comes with its file's, in one piece: two run side by side.
tidy() {
  local said
  said=$(clang-tidy --quiet "$1" -- $flags 2>/dev/null) && return 0
  printf '%s\n' "$said"
  return 1
}
export -f tidy
export flags="$packages $ours -I. -isystem $build/framework -std=gnu11 -DGLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_74
  -DGLIB_VERSION_MAX_ALLOWED=GLIB_VERSION_2_74 -DWEIR_STAGEDIR=\"stages\" -DWEIR_VERSION=\"0\""
printf '%s\0' "${sources[@]}" | xargs -0 -n1 -P "$jobs" bash -c 'tidy "$1"' bash || failed=1

[ "$failed" = 0 ] || printf 'lint: see above\n' >&2
exit "$failed"
