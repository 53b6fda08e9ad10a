# SPDX-License-Identifier: MIT
# What test scripts print: a line a test, and the plan at the end (https://testanything.org).
# shellcheck shell=sh
tests=0

ok() {
  tests=$((tests + 1))
  echo "ok $tests - $1"
}

# not_ok NAME [WHY]
not_ok() {
  tests=$((tests + 1))
  echo "not ok $tests - $1"
  printf '%s\n' "${2-}" | sed 's/^/# /'
}

# skip NAME WHY
skip() {
  tests=$((tests + 1))
  echo "ok $tests - $1 # SKIP $2"
}

plan() {
  echo "1..$tests"
}
