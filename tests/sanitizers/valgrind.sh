#!/bin/sh
# SPDX-License-Identifier: MIT
# valgrind.sh PROGRAM...: runs a test under valgrind; memory that is used wrongly or lost for good is a failure.
export SANITIZERS=valgrind # for tests that measure time or memory
suppressions=/usr/share/glib-2.0/valgrind/glib.supp
[ -f $suppressions ] && set -- --suppressions=$suppressions "$@"
exec ./libtool --mode=execute valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
  --fair-sched=yes "$@"
