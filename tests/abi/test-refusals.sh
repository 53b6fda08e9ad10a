#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds plugins that the host must not open, each in its own way, and expects one clear line and no code run.
set -u
. "$srcdir/tests/tap.sh"
try=$top_builddir/tests/abi/try-open
flags="-shared -fPIC -fvisibility=hidden -I$top_srcdir/framework/abi"
case $CC in *-fsanitize*) ;; *) [ "$SANITIZERS" = no ] || flags="$flags -fsanitize=$SANITIZERS" ;; esac
work=$(mktemp -d) || exit 99
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
MARKER=$work/marker
export MARKER

# A plugin `bad` whose parts the macros below replace; CONSTRUCTOR runs when it is opened.
cat >"$work/bad.c" <<'END'
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include BEFORE
#include <weir/plugin.h>
#include AFTER
static void mark(void)
{
  FILE *f = fopen(getenv("MARKER"), "a");
  if (f)
    fprintf(f, "%d\n", (int)getpid()), fclose(f);
}
#ifdef CONSTRUCTOR
__attribute__((constructor)) static void begin(void) { mark(); CONSTRUCTOR; }
#endif
static int produce(weir_stage *stage) { mark(); EXTRA; return stage ? WEIR_END : -1; }
static const weir_class classes[] = {{.name = "none", .summary = "Make nothing", .produce = produce}};
PLUGIN
END
: >"$work/empty.h"
plain='WEIR_PLUGIN(.name="bad", .version="1", .licence="MIT", .vendor="test", .classes=classes, .n_classes=1 CHANGE)'

# build NAME [FLAG...]: NAME.so in a folder of its own; sets $file.
build() {
  name=$1
  shift
  mkdir -p "$work/$name"
  file=$work/$name/bad.so
  # shellcheck disable=SC2086
  $CC $flags '-DBEFORE="empty.h"' '-DAFTER="empty.h"' -DCHANGE= -DEXTRA= "-DPLUGIN=$plain" "-I$work" "$@" \
    -o "$file" "$work/bad.c" 2>"$work/cc.log" || { cat "$work/cc.log" >&2; return 1; }
}

# refused WHAT TEXT [OPTION...]: $file is refused in one line that has TEXT, and its code has not run in the host.
refused() {
  what=$1 text=$2
  shift 2
  : >"$MARKER"
  out=$("$try" "$@" "$file" 2>"$work/err")
  status=$?
  if [ $status -ne 1 ] || [ "$(printf '%s\n' "$out" | wc -l)" -ne 1 ] || [ -s "$work/err" ]; then
    not_ok "$what" "status $status: $out $(cat "$work/err")"
  elif ! printf '%s' "$out" | grep -qF -- "$text"; then
    not_ok "$what" "wanted \"$text\", got: $out"
  elif [ "${runs_in_child-no}" = no ] && [ -s "$MARKER" ]; then
    not_ok "$what" "code of it has run"
  else
    ok "$what"
  fi
}

build good && out=$("$try" "$file") && ok "a sound plugin is opened" || not_ok "a sound plugin is opened" "$out"

# ---- The ABI. All of these would run a constructor.
run=-DCONSTRUCTOR=abort\(\)
minor=$(sed -n 's/^#define WEIR_ABI_MINOR //p' "$srcdir/framework/abi/weir/plugin.h")
printf '#undef WEIR_ABI_MAJOR\n#define WEIR_ABI_MAJOR 2\n' >"$work/major.h"
build major $run '-UAFTER' '-DAFTER="major.h"' && refused "another major" "is built for plugin ABI 2.$minor, this host has 1.$minor"
build minor $run -DWEIR_WANT_MINOR=9999 && refused "a newer minor" "is built for plugin ABI 1.9999, this host has 1."
printf '#undef WEIR_MAGIC\n#define WEIR_MAGIC UINT64_C(0x1122334455667788)\n' >"$work/magic.h"
build magic $run -UAFTER '-DAFTER="magic.h"' && refused "another magic number" "its note of Weir has the magic number"
build dmagic $run '-UCHANGE' '-DCHANGE=,.magic=7' && refused "another magic number in the descriptor" \
  "its descriptor has the magic number"
build size0 $run -UCHANGE '-DCHANGE=,.size=0' && refused "a descriptor of no size" "says that it has 0 bytes"
build sizehuge $run -UCHANGE '-DCHANGE=,.size=1u<<30' && refused "a descriptor of 1 GiB" "says that it has 1073741824 bytes"
unset run
build class0 -UCHANGE '-DCHANGE=,.class_size=8' && refused "classes that are too small" "W17: struct weir_class has 8 bytes"
build classes -UCHANGE '-DCHANGE=,.n_classes=200' && refused "more classes than there are" "W17"
build dmajor -UCHANGE '-DCHANGE=,.abi_major=2' && refused "another major in the descriptor" "W17"
build name -UCHANGE '-DCHANGE=,.name="other"' && refused "a name that is not the file's" 'it calls itself "other"'

# ---- What is no plugin.
build nothing -DCONSTRUCTOR=abort\(\) -UPLUGIN -DPLUGIN= && refused "a shared object without a note" \
  "is a shared object, but no plugin of Weir"
note='WEIR_IN_NOTE static const weir_note n={5,16,1,"Weir",(uint32_t)WEIR_MAGIC,(uint32_t)(WEIR_MAGIC>>32),1,0};'
build function -DCONSTRUCTOR=abort\(\) -UPLUGIN \
  "-DPLUGIN=$note WEIR_EXPORT void weir_plugin_v1(void); void weir_plugin_v1(void) {}" &&
  refused "a function for a symbol" "as a function, not as data"
printf '{ local: *; };\n' >"$work/hide.map"
build hidden -DCONSTRUCTOR=abort\(\) -Wl,--version-script="$work/hide.map" &&
  refused "a hidden symbol" "exports no weir_plugin_v1"
build text && cp "$file" "$work/text/bad.txt" && file=$work/text/bad.txt && refused "a file of another name" "is not named as a plugin is"

# ---- What it needs.
echo 'int helper(void); int helper(void) { return 1; }' >"$work/helper.c"
printf 'int helper(void);\n' >"$work/helper.h"
# shellcheck disable=SC2086
$CC $flags -fvisibility=default -o "$work/libhelper-gone.so" "$work/helper.c" &&
  build missing -UBEFORE '-DBEFORE="helper.h"' -UEXTRA '-DEXTRA=helper()' -L"$work" -Wl,--no-as-needed -lhelper-gone
rm -f "$work/libhelper-gone.so"
refused "a missing library" "libhelper-gone.so: cannot open shared object file: No such file or directory; install"
build undefined -UBEFORE '-DBEFORE="helper.h"' -UEXTRA '-DEXTRA=helper()' && refused "an undefined symbol" "undefined symbol: helper"

# ---- Constructors: opened on trial, in a child process.
runs_in_child=yes
build abort '-DCONSTRUCTOR=abort()' && refused "a constructor that aborts" "W19: a constructor of it crashes when it is opened: signal 6"
build crash '-DCONSTRUCTOR=raise(SIGSEGV)' && refused "a constructor that crashes" "signal 11"
build exit '-DCONSTRUCTOR=puts("leaving"),exit(3)' && refused "a constructor that exits" "exit code 3"
build exit0 '-DCONSTRUCTOR=_exit(0)' && refused "a constructor that exits without a word" "exit code 0"
build loop '-DCONSTRUCTOR=for(;;)pause()' && refused "a constructor that never returns" "does not return within 10 seconds"
build harmless '-DCONSTRUCTOR=(void)0'
out=$("$try" "$file") && ok "a harmless constructor is let pass" || not_ok "a harmless constructor is let pass" "$out"
for which in abort exit; do
  file=$work/$which/bad.so
  : >"$MARKER"
  "$try" "$file" >"$work/out" &
  host=$!
  wait $host
  if [ -s "$MARKER" ] && ! grep -qx $host "$MARKER"; then
    ok "$which: runs in the child alone"
  else
    not_ok "$which: runs in the child alone" "host $host, ran in: $(cat "$MARKER")"
  fi
done
unset runs_in_child

# ---- Places that others can write to.
build place
chmod o+w "$work/place"
refused "a folder that others can write to" "everybody can write to it; change that, or allow it with --unsafe-plugins"
out=$("$try" --unsafe "$file") && ok "the same, allowed" || not_ok "the same, allowed" "$out"
mkdir "$work/link" && ln -s "$file" "$work/link/bad.so"
file=$work/link/bad.so
refused "a link into such a folder" "everybody can write to it"
chmod o-w "$work/place" && chmod o+w "$work/link"
refused "a link in such a folder" "everybody can write to it"
chmod o-w "$work/link"
out=$("$try" "$file") && ok "a link between safe folders" || not_ok "a link between safe folders" "$out"
chmod o+w "$work/place/bad.so"
refused "a file that others can write to" "everybody can write to it"
chmod o-w "$work/place/bad.so"
ln -s bad.so "$work/place/other.so"
file=$work/place/other.so
refused "a link of another name" 'it calls itself "bad"; name the file bad.so'

# ---- Finding by name.
out=$(WEIR_PLUGIN_PATH=$work/good "$try" --find bad "$work/nowhere") && ok "found on the path" || not_ok "found on the path" "$out"
out=$(WEIR_PLUGIN_PATH=$work/good "$try" --find baad "$work/nowhere")
case $out in
*'plugin "baad" was not found; did you mean "bad"?'*"$work/nowhere/baad.so: no such folder"*"$work/good/baad.so: no such file"*)
  ok "not found: the nearest name and all places" ;;
*) not_ok "not found: the nearest name and all places" "$out" ;;
esac
out=$("$try" --find ../bad "$work/good")
case $out in *'is no name of a plugin'*) ok "a path for a name" ;; *) not_ok "a path for a name" "$out" ;; esac
plan
