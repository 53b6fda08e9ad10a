#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs as stages: what they get and give, and all the ways in which they can fail.
. "$top_srcdir/tests/e2e/lib.sh"

for i in $(seq 1 40); do printf '{"id": %d, "text": "text %d", "n": %s}\n' "$i" "$i" "$([ $((i % 4)) = 0 ] && echo null || echo "$i.5")"; done >in.jsonl
seq 1 20000 | awk '{ printf "{\"id\": %d, \"text\": \"t%d\"}\n", $1, $1 }' >many.jsonl

# pipeline OPTIONS [INPUT]: writes p.json, which gives INPUT to exec.map with these options.
pipeline() {
  cat >p.json <<PIPELINE
{ "weir": 1, "name": "p", "stages": {
  "load": { "use": "file.read", "options": { "path": "${2-in.jsonl}", "row": true } },
  "map":  { "use": "exec.map", "from": "load", "options": { $1 } },
  "save": { "use": "file.write", "from": "map", "options": { "path": "out.jsonl" } } } }
PIPELINE
  rm -rf out.jsonl run
}

# good NAME OPTIONS PYTHON [INPUT] [ARGUMENT...]: the run is done, and PYTHON holds for `rows`.
good() {
  local name=$1 options=$2 python=$3 input=${4-in.jsonl}
  shift $(($# < 4 ? $# : 4))
  pipeline "$options" "$input"
  runs 0 "$name" p.json --run-dir run "$@"
  check "$name: what comes out" python3 -c "
import json
rows = [json.loads(line) for line in open('out.jsonl')]
assert $python, rows[:5]"
}

# bad CODE NAME OPTIONS PATTERN... : the run fails in time, and says so; nothing is left running or written.
bad() {
  local code=$1 name=$2 begin=$SECONDS
  pipeline "$3"
  shift 3
  runs "$code" "$name" p.json --run-dir run
  says "$name: is told" "$@"
  check "$name: in time" test $((SECONDS - begin)) -lt 20
  absent "$name: nothing is written" out.jsonl
}

# --- What a program gets and gives ---

cat >echo.py <<'PY'
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    print(json.dumps({"got": line.rstrip("\n"), "twice": 2 * row["id"], "half": row["id"] / 2}))
PY
python='"command": ["python3"], "script": "echo.py"'
good "all columns" "$python, \"output\": { \"got\": \"utf8\", \"twice\": \"i32\", \"half\": \"f64\" }" \
  'len(rows) == 40 and rows[3] == {"id": 4, "text": "text 4", "n": None, "got": "{\"id\":4,\"text\":\"text 4\",\"n\":null}", "twice": 8, "half": 2.0}
assert rows[0]["got"] == "{\"id\":1,\"text\":\"text 1\",\"n\":1.5}" and [r["id"] for r in rows] == list(range(1, 41))'
good "some columns, in another order" "$python, \"columns\": [\"n\", \"id\"], \"output\": { \"got\": \"utf8\" }" \
  'rows[0]["got"] == "{\"n\":1.5,\"id\":1}" and list(rows[0]) == ["id", "text", "n", "got"]'
good "columns in the place of others" '"command": ["cat"], "output": { "n": "f32?", "id": "u8", "text": "utf8" }' \
  'list(rows[0]) == ["id", "text", "n"] and rows[1]["n"] == 2.5 and rows[3]["n"] is None'
if command -v jq >/dev/null; then
  good "jq, which flushes when it likes" '"command": ["jq", "-c", "{parts: (.text | split(\" \")), at: \"2024-05-01T00:00:00Z\", v: [1, .id, 0.5], yes: (.id > 3)}"],
    "output": { "parts": "list<utf8>", "at": "timestamp", "v": "fixed<f32,3>", "yes": "bool" }' \
    'rows[4]["parts"] == ["text", "5"] and rows[4]["at"] == "2024-05-01T00:00:00Z" and rows[4]["v"] == [1, 5, 0.5] and rows[4]["yes"]'
else
  skip "jq" "it is not installed"
fi
good "a shell, and awk" '"command": "awk '"'{ print \\\"{\\\\\\\"bytes\\\\\\\":\\\" length(\$0) \\\"}\\\" }'"'", "shell": true, "columns": ["id"], "output": { "bytes": "i64" }' \
  'rows[0]["bytes"] == 8 and rows[20]["bytes"] == 9'
printf '#!/bin/sh\nexec sed "s/.*/{\\"arg\\": \\"$1 $GREETING\\"}/"\n' >own.sh
chmod +x own.sh
good "a program of one's own, with arguments and environment" '"script": "own.sh", "arguments": ["a b"], "environment": { "GREETING": "hello" }, "output": { "arg": "utf8" }' \
  'rows[0]["arg"] == "a b hello"'
mkdir -p sub && echo here >sub/file
good "a folder to run in" '"command": "echo > /dev/null; f=$(cat file); sed \"s/.*/{\\\"f\\\": \\\"$f\\\"}/\"", "shell": true, "folder": "sub", "output": { "f": "utf8" }' \
  'rows[0]["f"] == "here"'
cat >env.py <<'PY'
import json, os, signal, sys
for line in sys.stdin:
    print(json.dumps({"env": sorted(os.environ), "fds": sorted(int(f) for f in os.listdir("/proc/self/fd"))[:4],
                      "pipe": signal.getsignal(signal.SIGPIPE) is not None}))
PY
SECRET_TOKEN=geheim OTHER=x NOT=y good "an environment of its own" '"command": ["python3"], "script": "env.py", "pass": ["OTHER"], "secret": "${env:SECRET_TOKEN}", "secret-variable": "API_KEY",
  "output": { "env": "list<utf8>", "fds": "list<i64>" }' \
  '"OTHER" in rows[0]["env"] and "API_KEY" in rows[0]["env"] and "PATH" in rows[0]["env"] and "NOT" not in rows[0]["env"] and "SECRET_TOKEN" not in rows[0]["env"] and rows[0]["fds"][:3] == [0, 1, 2] and len(rows[0]["fds"]) <= 4'
check "a secret stays out of the run's record" sh -c '! grep -rq geheim run'
pipeline '"command": ["sh", "-c", "echo the token is $KEY >&2; exit 3"], "secret": "${env:SECRET_TOKEN}", "secret-variable": "KEY", "output": { "x": "i64" }'
SECRET_TOKEN=geheim runs 1 "a secret that the program gives away" p.json --run-dir run
says "is replaced" 'it said: the token is \*\*\*'
: >none.jsonl
pipeline '"command": ["cat"], "output": { "id": "i64" }' none.csv
echo id >none.csv
runs 0 "no records" p.json --run-dir run

# --- Many, at once, in order ---

cat >slow.py <<'PY'
import json, random, sys, time
for n, line in enumerate(sys.stdin):
    if n % 700 == 0: time.sleep(random.random() / 20)
    print(json.dumps({"twice": 2 * json.loads(line)["id"]}))
PY
for n in 1 4; do
  good "$n at once, in order" '"command": ["python3"], "script": "slow.py", "processes": '$n', "output": { "twice": "i64" }' \
    'len(rows) == 20000 and all(r == {"id": i, "text": "t%d" % i, "twice": 2 * i} for i, r in enumerate(rows, 1))' many.jsonl
  mv out.jsonl "out$n.jsonl"
done
check "the same bytes" cmp out1.jsonl out4.jsonl
good "one that reads all before it writes, and much" '"command": ["python3", "-c", "import sys, json\nfor l in sys.stdin.readlines(): print(json.dumps({\"x\": \"y\" * 3000}))"], "output": { "x": "utf8" }' \
  'len(rows) == 20000 and all(len(r["x"]) == 3000 for r in rows)' many.jsonl
good "one that writes while we write" '"command": ["python3", "-u", "-c", "import sys\nfor l in sys.stdin: print(\"{\\\"x\\\": \\\"\" + \"y\" * 9000 + \"\\\"}\")"], "output": { "x": "utf8" }' \
  'len(rows) == 40 and all(len(r["x"]) == 9000 for r in rows)'

# A program that holds its answers back is not to blame for what comes behind it and takes its time.
python3 -c '
for i in range(40000): print("{\"id\": %d, \"text\": \"%s\"}" % (i, "t" * 1000))' >large.jsonl
cat >hold.py <<'PY'
import sys
held = 0
for line in sys.stdin:
    held += 1
    if held == 5000:
        print('{"x": 1}\n' * held, end="", flush=True)
        held = 0
print('{"x": 1}\n' * held, end="")
PY
cat >p.json <<'PIPELINE'
{ "weir": 1, "name": "p", "stages": {
  "load": { "use": "file.read", "options": { "path": "large.jsonl" } },
  "first": { "use": "exec.map", "from": "load", "options": { "command": ["python3"], "script": "hold.py", "timeout": "3s", "output": { "x": "i64" } } },
  "second": { "use": "exec.map", "from": "first", "options": { "command": "sleep 6; cat", "shell": true, "output": { "x": "i64" } } },
  "save": { "use": "file.write", "from": "second", "options": { "path": "out.jsonl" } } } }
PIPELINE
rm -rf out.jsonl run
runs 0 "one before a slow one" p.json --run-dir run --memory 32M
check "gives all" test "$(wc -l <out.jsonl)" = 40000
rm large.jsonl

# Who starts us may have said that children are to be forgotten.
cat >careless.py <<'PY'
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])
PY
pipeline '"command": ["cat"], "timeout": "2s", "output": { "id": "i64" }'
check "SIGCHLD may be ignored" python3 careless.py "$run" p.json --run-dir run
check "and all comes out" test "$(wc -l <out.jsonl)" = 40
pipeline '"command": ["sh", "-c", "sed s/.*/{}/; exit 7"], "timeout": "2s", "output": { "x": "i64?" }'
python3 careless.py "$run" p.json --run-dir run >messages 2>&1
says "how a program ends is known even so" 'ended with exit status 7'

# --- Programs that fail ---

bad 3 "a program that is not there" '"command": ["no-such-program-here"], "output": { "x": "i64" }' 'the program "no-such-program-here" was not found in PATH' 'hint: install it'
bad 3 "a script that is not there" '"command": ["python3"], "script": "nothing.py", "output": { "x": "i64" }' 'option "script": there is no file .*nothing\.py'
bad 3 "a path that is not there" '"command": ["./nothing"], "output": { "x": "i64" }' 'nothing" is not there'
printf 'no program\n' >plain
bad 3 "a file that may not be executed" '"command": ["./plain"], "output": { "x": "i64" }' 'plain" may not be executed' 'hint: chmod \+x'
printf '#!/no/such/interpreter\n' >orphan
chmod +x orphan
bad 1 "an interpreter that is missing" '"command": ["./orphan"], "output": { "x": "i64" }' 'its interpreter.*is missing' 'orphan'
bad 3 "nothing to run" '"output": { "x": "i64" }' 'there is nothing to run'
bad 3 "a type that JSON has not" '"command": ["cat"], "output": { "x": "binary" }' '"x" cannot be of type binary'
bad 1 "one that dies" '"command": ["sh", "-c", "head -2 > /dev/null; echo first >&2; echo no model >&2; exit 3"], "output": { "x": "i64" }' \
  'the program ended with exit status 3' 'it said: no model' 'records? that it had got (is|are) not answered'
bad 1 "one that is killed" '"command": ["sh", "-c", "read x; kill -SEGV $$"], "output": { "x": "i64" }' 'was killed by signal 11 \(Segmentation fault\)'
bad 1 "one that answers too little" '"command": ["sh", "-c", "head -5 | sed s/.*/{}/; cat > /dev/null"], "output": { "x": "i64?" }' \
  'ended with exit status 0' '35 records that it had got are not answered'
bad 1 "one that answers too much" '"command": ["sh", "-c", "while read l; do echo {}; echo {}; done"], "output": { "x": "i64?" }' \
  'answered more lines than it had got records' 'standard error'
bad 1 "one that talks first" '"command": ["sh", "-c", "echo hello; cat"], "output": { "id": "i64" }' "(answered more lines than it had got records|answer is no JSON: \"hello\")"
bad 1 "one that hangs" '"command": ["sh", "-c", "echo waiting >&2; sleep 1000"], "start-timeout": "1s", "output": { "x": "i64" }' \
  'answered nothing for 1.0 s, and was ended' 'it said: waiting'
bad 1 "one that hangs after a while" '"command": ["sh", "-c", "read a; echo {}; sleep 1000"], "timeout": "1s", "output": { "x": "i64?" }' 'answered nothing for 1.0 s'
bad 1 "one that hangs and will not be ended" '"command": ["python3", "-c", "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(1000)"], "start-timeout": "1s", "output": { "x": "i64" }' 'answered nothing for 1.0 s'
bad 1 "one that does not end" '"command": ["sh", "-c", "sed -u s/.*/{}/; sleep 1000"], "timeout": "1s", "output": { "x": "i64?" }' 'did not end within 1.0 s after the end of its input'
bad 1 "one that closes its input" '"command": ["sh", "-c", "exec <&-; sleep 1000"], "timeout": "1s", "start-timeout": "1s", "output": { "x": "i64" }' 'closed|answered nothing for 1.0 s'
bad 1 "one that closes its output" '"command": ["sh", "-c", "read a; exec >&-; sleep 1000"], "output": { "x": "i64" }' 'the program closed its output'
bad 1 "one that ends badly after all" '"command": ["sh", "-c", "sed s/.*/{}/; exit 7"], "output": { "x": "i64?" }' 'answered all that it had got, but ended with exit status 7'
bad 1 "a line that never ends" '"command": ["sh", "-c", "yes | tr -d \"\\\\n\""], "max-line": "64K", "output": { "x": "i64" }' 'an answer of the program is longer than 64.0 KiB: "yyy' 'hint: allow more with "max-line"'
bad 1 "a lot of standard error" '"command": ["sh", "-c", "head -c 50000000 /dev/zero | tr \"\\\\0\" e >&2; echo the end >&2; exit 1"], "output": { "x": "i64" }' 'ended with exit status 1' 'the end'
bad 1 "no JSON" '"command": ["sed", "s/.*/nonsense/"], "output": { "x": "i64" }' 'in.jsonl:1: the program.s answer is no JSON: "nonsense"' 'the record: .*"id":1'
bad 1 "an empty line" '"command": ["sed", "s/.*//"], "output": { "x": "i64" }' 'answer is an empty line'
bad 1 "no object" '"command": ["sed", "s/.*/[1]/"], "output": { "x": "i64" }' 'answer is a list, and an object is wanted'
bad 1 "a column that is missing" '"command": ["sed", "s/.*/{\"y\": 1}/"], "output": { "x": "i64" }' "in the program.s answer, \"x\" is missing"
bad 1 "a value of another type" '"command": ["sed", "s/.*/{\"x\": \"1\"}/"], "output": { "x": "i64" }' '"x" is "1", and an integer is wanted'
bad 1 "a value that does not fit" '"command": ["sed", "s/.*/{\"x\": 300}/"], "output": { "x": "u8" }' '"x" is 300, and an integer that fits'
bad 1 "a vector that is too short" '"command": ["sed", "s/.*/{\"x\": [1, 2]}/"], "output": { "x": "fixed<f32,3>" }' '"x" has 2 numbers, and 3 are wanted'
bad 1 "an item of another type" '"command": ["sed", "s/.*/{\"x\": [\"a\", 2]}/"], "output": { "x": "list<utf8>" }' '"x" item 2 is 2, and a text is wanted'

pipeline '"command": "trap \"\" TERM; read x; echo 0; sleep 1000", "shell": true, "processes": 20, "start-timeout": "3s", "timeout": "1s", "output": { "x": "i64" }' many.jsonl
begin=$SECONDS
runs 1 "many that will not be ended" p.json --run-dir run
says "are told" 'answered nothing for [13].0 s'
check "and ended together" test $((SECONDS - begin)) -lt 15

cat >early.py <<'PY'
import json, os, sys
for line in sys.stdin:
    n = json.loads(line)["id"]
    if n == 5000:
        sys.stdout.flush()
        os._exit(9)
    print(json.dumps({"x": "bad" if n == 10 else n}))
PY
pipeline '"command": ["python3"], "script": "early.py", "output": { "x": "i64" }' many.jsonl
runs 1 "a bad answer, and an end long after it" p.json --run-dir run
says "the first is told" 'many.jsonl:10: in the program.s answer, "x" is "bad"'

# --- What is left behind ---

mark=$RANDOM$RANDOM
gone() { ! pgrep -f "[s]leep $1$mark"; }
good "children that keep its output open" '"command": ["sh", "-c", "sleep 10'$mark' & sed s/.*/{}/"], "output": { "x": "i64?" }' 'len(rows) == 40'
check "are ended with it" gone 10
bad 1 "children of one that dies" '"command": ["sh", "-c", "sleep 20'$mark' & exit 1"], "output": { "x": "i64" }' 'exit status 1'
check "are ended too" gone 20
pipeline '"command": ["sh", "-c", "sleep 30'$mark'"], "output": { "x": "i64" }'
"$run" p.json --run-dir run >messages 2>&1 &
pid=$!
for _ in $(seq 100); do pgrep -f "sleep 30$mark" >/dev/null && break; sleep 0.05; done
kill -TERM $pid
wait $pid
code=$?
if [ $code -eq 130 ]; then ok "a run that is cancelled ends"; else not_ok "a run that is cancelled ends" "with $code: $(cat messages)"; fi
check "and its programs with it" gone 30

# --- Records that cannot be used, and programs that are started again ---

cat >picky.py <<'PY'
import json, os, sys
for line in sys.stdin:
    n = json.loads(line)["id"]
    if n == 7: os._exit(9)
    if n % 10 == 0: print(json.dumps({"error": "no tens"}))
    elif n == 3: print(json.dumps({"x": "three"}))
    else: print(json.dumps({"x": n}), flush=n % 2)
PY
options='"command": ["python3"], "script": "picky.py", "restarts": 1, "output": { "x": "i64" }'
pipeline "$options"
runs 1 "a record that the program cannot use" p.json --run-dir run
says "is where the run stops" 'in.jsonl:3: in the program.s answer, "x" is "three", and an integer is wanted'
pipeline "$options"
runs 0 "such records are rejected" p.json --run-dir run1 --on-error reject
says "each with its reason" 'rejected: in.jsonl:3: .*"three"' 'rejected: in.jsonl:7: the program ended with exit status 9' \
  'rejected: in.jsonl:10: no tens' '6 records were rejected' 'warning: the program ended with exit status 9; it is started again'
check "the others are answered" python3 -c '
import json
rows = [json.loads(l) for l in open("out.jsonl")]
assert [r["id"] for r in rows] == [i for i in range(1, 41) if i % 10 and i not in (3, 7)] and all(r["x"] == r["id"] for r in rows)'
pipeline "${options/\"restarts\": 1/\"restarts\": 5, \"processes\": 3}"
runs 0 "with several at once too" p.json --run-dir run2 --on-error reject
check "with the same rejects" cmp run1/rejects.jsonl run2/rejects.jsonl
pipeline '"command": ["sh", "-c", "exec python3 -c \"import sys, json\nfor i, l in enumerate(sys.stdin):\n  if i == 5: break\n  print(l, end=str())\""], "restarts": 100, "output": { "id": "i64" }'
runs 0 "one that takes a few and ends" p.json --run-dir run3
check "is started again" test "$(wc -l <out.jsonl)" = 40
plan
