#!/bin/sh
# SPDX-License-Identifier: MIT
# The conformance kit: each fault of a stage is found by the check that is for it, and good stages pass.
set -u
. "$srcdir/tests/tap.sh"
build=$(cd "$top_builddir" && pwd)
inspect=$build/pipeline-inspect
faulty=$build/framework/harness/test-stages/.libs/faulty.so
probe=$build/framework/harness/test-stages/.libs/probe.so
# Thousands of small files: where there is a file system in memory, they go there.
[ -n "${TMPDIR-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
TMPDIR=$work/tmp
export TMPDIR
mkdir tmp

# As its user starts it: with a store for the runs of pipelines.
unset WEIR_STORE

"$inspect" --verify "$faulty" --seconds 1 --json >faulty.json 2>err
status=$?
if [ $status -eq 1 ] && [ ! -s err ]; then ok "a plugin with faults fails"; else not_ok "a plugin with faults fails" "$status: $(cat err)"; fi

# found CLASS CHECK PATTERN: the check fails for the class, with this text.
cat >found.py <<'PY'
import json, re, sys
use, check, pattern = sys.argv[1:]
for subject in json.load(open("faulty.json"))["subjects"]:
    for c in subject["checks"]:
        if subject["use"] == use and c["check"] == check:
            text = c.get("rule", "") + " " + c.get("what", "") + " " + c.get("mend", "")
            if c["result"] == "failed" and re.search(pattern, text, re.S) and c["mend"]:
                sys.exit(0)
            print(json.dumps(c, indent=1))
sys.exit(1)
PY
found() {
  if why=$(python3 found.py "faulty.$1" "$2" "$3"); then ok "$1: $2"; else not_ok "$1: $2" "$why"; fi
}
found keep runs 'W04.*without releasing'
found stuck runs 'open\(\) has not come back.*return from every call'
found level options 'option "level": 0: .*crashed in open\(\)'
found racing threads 'one thread and eight'
found clocked repeat 'the same run again'
found changing repeat 'the same run again'
found early 'late types' 'crashed in open\(\)'
found first-letter values '^ an empty text in column "text" of input "in": it crashed \(signal 6'
found short-words values 'a word of 200,000 characters'
found no-nulls nulls 'a null in column "text"'
found mean empty 'with no rows: it crashed'
found needed 'unused outputs' 'output "out" that nothing takes: it crashed'
found deaf cancel 'produce\(\) has not come back'
found fair-weather cancel '1000 bytes of its memory'
found hoard 'host fails' 'a table that cannot be read, call 2: 1 batches'
found rash 'host fails' 'an allocation of the host that fails, call 1: it crashed'
found trusting 'no memory' 'malloc\(\) number 1 fails: it crashed'
found silent 'no memory' 'W01'
found leak leaks 'each run leaves 1000 bytes'
found litter files '"debug.log" into the working directory'

"$inspect" --verify "$probe" --only cut --seconds 5 >out 2>&1
if [ $? -eq 1 ] && grep -q 'FAILED *V04 batches' out && grep -q 'mend: ' out && [ "$(grep -c FAILED out)" -eq 1 ]; then
  ok "only what hangs on batches is found there"
else
  not_ok "only what hangs on batches is found there" "$(cat out)"
fi
"$inspect" --verify "$probe" --only offset >out 2>&1
if grep -q 'FAILED *V05 slices' out && [ "$(grep -c FAILED out)" -eq 1 ]; then ok "offsets"; else not_ok "offsets" "$(cat out)"; fi
for class in pass sum lengths; do
  if "$inspect" --verify "$probe" --only $class >out 2>&1; then ok "$class does well"; else not_ok "$class does well" "$(cat out)"; fi
done
if "$inspect" --verify "$probe" --only leave >out 2>&1; then not_ok "one that ends the process" "$(cat out)"
elif grep -q 'it ended the process' out; then ok "one that ends the process"
else not_ok "one that ends the process" "$(cat out)"; fi

# What cannot be opened is said, with the rule.
printf 'not a plugin' >bad.so
"$inspect" --verify bad.so >out 2>&1
if [ $? -eq 1 ] && grep -q 'FAILED *V01 opens' out; then ok "a file that is no plugin"; else not_ok "a file that is no plugin" "$(cat out)"; fi
"$inspect" --verify none.so >out 2>&1
if [ $? -eq 2 ] && grep -q 'none.so' out; then ok "a file that is not there"; else not_ok "a file that is not there" "$(cat out)"; fi
if "$inspect" --verify "$faulty" --only tidy >out 2>&1 && grep -q 'ok  *V17' out; then ok "a cache is no litter"; else not_ok "a cache is no litter" "$(cat out)"; fi
# Nothing could be verified: that is no success.
cat >cases.json <<'END'
[ { "use": "faulty.changing", "options": { "nosuch": 1 } } ]
END
# fails NAME STATUS PATTERN ARGUMENT...
fails() {
  name=$1 wanted=$2 pattern=$3
  shift 3
  "$inspect" --verify "$@" >out 2>&1
  status=$?
  if [ $status -eq "$wanted" ] && grep -qE -e "$pattern" out; then ok "$name"; else not_ok "$name" "$status: $(cat out)"; fi
}
fails "a case that does not run" 1 'not run with the case: .*"nosuch"' "$faulty" --only changing --with cases.json
"$inspect" --verify "$faulty" --only loud --json >out 2>/dev/null
if python3 -m json.tool out >/dev/null; then ok "what a stage prints is no part of the JSON"; else not_ok "what a stage prints is no part of the JSON" "$(cat out)"; fi
fails "nothing that could be tried" 1 'nothing was verified' "$faulty" --only reader
fails "a stage without an end" 1 'the run took more than 1 second' "$faulty" --only endless --seconds 1
fails "no stage of this name" 2 '"litterr" in its name; did you mean "litter"' "$faulty" --only litterr
if [ ! -e runs ]; then ok "no store is made"; else not_ok "no store is made" "$(find runs | head)"; fi
if [ -z "$(ls tmp)" ]; then ok "nothing is left behind"; else not_ok "nothing is left behind" "$(find tmp | head)"; fi
plan
