#!/bin/bash
# SPDX-License-Identifier: MIT
# --metrics: the figures of a run that is done, that failed, that was held; whole, or not at all.
. "$top_srcdir/tests/e2e/lib.sh"
plugins=(--plugin-path "$top_builddir/framework/core/test-plugin/.libs" --unsafe-plugins)
cat >p.json <<'END'
{ "weir": 1, "name": "figures",
  "parameters": { "hold": { "type": "boolean", "default": false }, "fail": { "type": "boolean", "default": false } },
  "stages": {
    "load": { "use": "test.rows", "options": { "count": 20, "first": 1 } },
    "pick": { "use": "test.picky", "from": "load", "on_error": "reject", "options": { "every": 5 } },
    "sink": { "use": "test.sink", "from": "pick" },
    "talk": { "use": "test.talk" },
    "hold": { "use": "test.hold", "when": "hold", "from": "load", "discard": ["out"] },
    "fail": { "use": "test.fail", "when": "fail", "from": "load", "options": { "in": "end", "text": "no good" } } } }
END

runs 0 "a run" p.json "${plugins[@]}" --run-dir done --metrics made/done.json
check "its figures" python3 - <<'END'
import json
m = json.load(open("made/done.json"))
assert list(m) == ["pipeline", "state", "code", "metrics", "rejects", "stages", "measured"], list(m)
assert (m["pipeline"], m["state"], m["code"], m["rejects"]) == ("figures", "done", 0, 4)
want = [{"stage": "sink", "name": "rows", "value": 16.0, "unit": "records"},
        {"stage": "talk", "name": "none", "value": None}]
assert m["measured"]["metrics"] == [{"stage": "talk", "name": "first", "value": 2.5, "unit": "m/s"}]
assert sorted(m["metrics"], key=lambda x: (x["stage"], x["name"])) == want, m["metrics"]
run = json.load(open("done/run.json"))
assert run["metrics"] == m["metrics"] and run["measured"] == m["measured"]
assert [x["stage"] for x in m["metrics"] if x["stage"] != "talk"] == ["sink"]
pick = next(s for s in m["stages"] if s["stage"] == "pick")
assert pick == {"stage": "pick", "use": "test.picky", "state": "done", "records_in": 20, "records_out": 16, "rejects": 4}
END
runs 4 "a run that is held" p.json "${plugins[@]}" --run-dir held --metrics held.json --hold
check "its figures say why" python3 -c '
import json; m = json.load(open("held.json")); assert m["state"] == "held" and "are enough" in m["held"] and m["code"] == 4'
runs 1 "a run that fails" p.json "${plugins[@]}" --run-dir failed --metrics failed.json --fail
check "its figures say why" python3 -c '
import json; m = json.load(open("failed.json")); assert m["state"] == "failed" and "no good" in m["error"] and m["code"] == 1'

check "standard output" sh -c '"$0" "$@" 2>/dev/null | python3 -c "import json, sys; assert json.load(sys.stdin)[\"state\"] == \"done\""' \
  "$run" p.json "${plugins[@]}" --run-dir out --metrics -
runs 2 "with --json there is one standard output" p.json "${plugins[@]}" --json --metrics -
says "it says so" '--metrics - and --json both want standard output'
runs 1 "standard output that is full" p.json "${plugins[@]}" --run-dir full --metrics /dev/full
says "is reported" '/dev/full.*No space left'
mkdir folder
echo before >kept.json
runs 2 "a folder" p.json "${plugins[@]}" --run-dir dir --metrics folder
says "is refused before anything runs" 'folder.*Is a directory'
absent "and nothing ran" dir/events.jsonl
runs 3 "a pipeline that is not valid" p.json "${plugins[@]}" --set load.cuont=1 --metrics kept.json
check "leaves what was there" grep -qx before kept.json
clean "no temporary file" .
plan
