#!/bin/sh
# SPDX-License-Identifier: MIT
# Every stage that ships has cases (weir-cases(5)) in its plugin's folder: some that succeed, and one that fails.
set -u
. "$srcdir/tests/tap.sh"

for plugin in "$top_builddir"/stages/*.so; do
  name=$(basename "$plugin" .so)
  cases=$(ls "$top_srcdir/plugins/$name"/*cases*.json 2>/dev/null)
  for use in $("$top_builddir/pipeline-inspect" --unsafe-plugins --json "$plugin" | sed -n 's/.*"use": "\(.*\)".*/\1/p'); do
    # What a file says at its head holds for its cases; a stage that only feeds another is not under test.
    counts=$(for file in $cases; do python3 - "$file" "$use" <<'PY'
import json, sys
tree = json.load(open(sys.argv[1], encoding="utf-8"))
head = tree.get("use") if isinstance(tree, dict) else None
cases = [c for c in (tree["cases"] if isinstance(tree, dict) else tree) if c.get("use", head) == sys.argv[2]]
bad = [c for c in cases if "error" in c or c.get("code", 0) not in (0, 4)]
print(len(cases) - len(bad), len(bad))
PY
    done | awk '{ good += $1; bad += $2 } END { print good + 0, bad + 0 }')
    good=${counts% *} bad=${counts#* }
    if [ "$good" -ge 1 ] && [ "$bad" -ge 1 ]; then
      ok "$use has cases: $good good, $bad bad"
    else
      not_ok "$use has cases" "it has $good that succeed and $bad that fail; write plugins/$name/cases.json, and add it to TESTS in local.mk"
    fi
  done
done

# A file of cases that is not run is no test.
for file in "$top_srcdir"/plugins/*/*cases*.json; do
  relative=${file#"$top_srcdir"/}
  if grep -q "^TESTS += .*$relative" "$top_srcdir/${relative%/*}/local.mk"; then ok "$relative is run"
  else not_ok "$relative is run" "add it to TESTS in ${relative%/*}/local.mk"; fi
done
plan
