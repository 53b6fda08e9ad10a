#!/bin/sh
# SPDX-License-Identifier: MIT
# Tests that the schemas in the repository are what the stages and weir/plugin.h say now.
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
sh "$top_srcdir/schemas/generate.sh" "$top_builddir" "$dir/new" 2>"$dir/log" || {
  sed 's/^/# /' "$dir/log"
  echo "Bail out! the schemas cannot be generated"
  exit 1
}
n=0
for file in $(cd "$dir/new" && find . -name '*.json' | sort) $(cd "$top_srcdir/schemas" && find . -name '*.schema.json' | sort); do
  case " $seen " in *" $file "*) continue ;; esac
  seen="$seen $file"
  n=$((n + 1))
  if cmp -s "$dir/new/$file" "$top_srcdir/schemas/$file"; then echo "ok $n - $file is fresh"; else
    echo "not ok $n - $file is fresh"
    echo "# run: make update-schemas"
    diff -u "$top_srcdir/schemas/$file" "$dir/new/$file" | head -20 | sed 's/^/# /'
  fi
done
# The distribution's package is for the distribution's Python, which need not be the first on the path.
for python in python3 /usr/bin/python3 ''; do
  [ -n "$python" ] && "$python" -c 'import jsonschema' 2>/dev/null && break
done
n=$((n + 1))
name="they are schemas, and the pipelines that ship are valid"
if [ -z "$python" ]; then
  echo "ok $n - $name # SKIP jsonschema for Python is not installed"
else
  "$python" - "$top_srcdir" <<'END' && echo "ok $n - $name" || echo "not ok $n - $name"
import glob, json, sys
import jsonschema
def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)
validator = jsonschema.Draft202012Validator
for path in glob.glob(sys.argv[1] + "/schemas/records/*.json"):
    validator.check_schema(load(path))
schema = load(sys.argv[1] + "/schemas/pipeline.schema.json")
validator.check_schema(schema)
bad = 0
for path in sorted(glob.glob(sys.argv[1] + "/pipelines/*.json")):
    for error in validator(schema).iter_errors(load(path)):
        bad += 1
        print("#", path, "/".join(map(str, error.absolute_path)), error.message[:300])
sys.exit(bad > 0)
END
fi
echo "1..$n"
