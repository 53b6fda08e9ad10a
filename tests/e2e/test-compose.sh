#!/bin/bash
# SPDX-License-Identifier: MIT
# Pipelines made of others: YAML, "include", "each", config files, .env and secrets, run as a user runs them.
. "$top_srcdir/tests/e2e/lib.sh"

# --- YAML: the same content gives the same plan ---

cat >yaml.py <<'PY'
# Writes a JSON file as YAML: block style, texts plain where that is safe, else quoted as JSON has it.
import json, re, sys
plain = re.compile(r"^[A-Za-z$./][A-Za-z0-9_${}./:+-]*[A-Za-z0-9}]$")
words = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
def scalar(value):
    if isinstance(value, str) and plain.match(value) and value.lower() not in words:
        return value
    return json.dumps(value, ensure_ascii=False)
def write(value, indent):
    pad = "  " * indent
    if isinstance(value, dict) and value:
        return "".join("\n%s%s:%s" % (pad, scalar(k), write(v, indent + 1)) for k, v in value.items())
    if isinstance(value, list) and value:
        return "".join("\n%s-%s" % (pad, write(v, indent + 1)) for v in value)
    return " " + (scalar(value) if not isinstance(value, (dict, list)) else "{}" if isinstance(value, dict) else "[]")
print("# made from", sys.argv[1], write(json.load(open(sys.argv[1])), 0))
PY
printf 'text,label\n' >rows.csv
for i in $(seq 20); do printf 'a text about apples %d,apples\nsome words on pears %d,pears\n' "$i" "$i"; done >>rows.csv
for file in "$pipelines"/*.json; do
  name=$(basename "$file" .json)
  needs=()
  for parameter in $(python3 - "$file" <<'PY'
import json, sys
for name, p in json.load(open(sys.argv[1])).get("parameters", {}).items():
    if "default" not in p and not p.get("optional"):
        print(name)
PY
  ); do
    case $parameter in output) needs+=(--output out) ;; *) needs+=("--$parameter" rows.csv) ;; esac
  done
  cp "$file" here.json
  [ ! -e "$pipelines/$name.csv" ] || cp "$pipelines/$name.csv" .
  python3 yaml.py "$file" >here.yaml
  if ! "$run" here.json --plan "${needs[@]}" >one 2>messages; then
    skip "$name as YAML gives the same plan" "it needs other files: $(head -1 messages)"
    continue
  fi
  "$run" here.yaml --plan "${needs[@]}" >other 2>messages
  check "$name as YAML gives the same plan" cmp one other
done

printf 'weir: 1\nstages:\n  load:\n\tuse: file.read\n' >tab.yaml
runs 3 "a tab that indents" tab.yaml
says "a tab that indents: where, and what to do" 'tab\.yaml:4:1: a tab cannot indent' 'hint: use spaces'
printf 'weir: 1\nstages:\n  load: {use: file.read, options: {path: rows.csv, header: no}}\n' >no.yml
runs 3 "an unquoted no" no.yml
says "an unquoted no: where, and what to do" 'no\.yml:3:.*no without quotes' 'write false, or "no" for the text'
{
  echo 'a0: &a0 [x]'
  for i in $(seq 30); do echo "a$i: &a$i [$(yes "*a$((i - 1))" | head -20 | paste -sd,)]"; done
} >bomb.yaml
runs 3 "aliases that multiply" bomb.yaml
says "aliases that multiply: said at once" 'bomb\.yaml:6:.*more than 1048576 values'

# --- include and each ---

mkdir parts data
cp rows.csv data/
cat >parts/halves.yaml <<'Y'
weir: 1
help: Splits labelled rows in two.
parameters:
  by: {default: label}
  share: {type: number, default: 0.8, minimum: 0, maximum: 1}
inputs:
  rows: {help: labelled rows}
stages:
  split:
    use: split.stratified
    from: rows
    options: {by: "${by}", ratios: {train: "${share}", test: 0.2}}
outputs:
  train: split.train
  test: split.test
Y
cat >main.json <<'J'
{ "weir": 1, "name": "compose",
  "parameters": {
    "rows": { "type": "input-path", "default": "data/rows.csv" },
    "output": { "type": "output-path", "default": "out" },
    "rates": { "type": "list", "default": [0.1, 0.5] },
    "keep": { "type": "boolean", "default": true } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "${rows}" } },
    "halves": { "include": "parts/halves.yaml", "from": "load" },
    "train": { "use": "linear.train", "each": "${rates}", "from": "halves.train",
               "options": { "c": "${each}", "epochs": 3 } },
    "predict": { "use": "linear.predict", "each": "${rates}",
                 "from": { "model": "train/${each.key}", "records": "halves/split.test" } },
    "score": { "use": "evaluate.classification", "each": "${rates}", "from": { "in": "predict/${each.key}" } },
    "save": { "use": "artifact.write", "each": "${rates}", "when": "keep", "from": "train/${each.key}",
              "options": { "path": "${output}/${each.key}/model" } },
    "metrics": { "use": "file.write", "each": "${rates}", "from": "score/${each.key}.metrics",
                 "options": { "path": "${output}/${each.key}/metrics.json", "single": true } } } }
J
runs 0 "a pipeline of parts" main.json --run-dir run
check "what each made is there" test -s out/0-1/metrics.json -a -s out/0-5/model/artifact.json
check "names of parts are in the record" python3 - <<'PY'
import json
run = json.load(open("run/run.json"))
names = [s["name"] for s in run["plan"]["stages"]]
assert "halves/split" in names and "train/0-1" in names and "train/0-5" in names, names
assert [a["stage"] for a in run["artifacts"]] and all("/" in a["path"] for a in run["artifacts"])
assert {a["path"].split("/")[1] + "/" + a["path"].split("/")[2] for a in run["artifacts"]} >= {"train/0-1", "train/0-5"}
assert [i["path"] for i in run["included"]] == ["parts/halves.yaml"], run["included"]
assert len(run["included"][0]["sha256"]) == 64
rates = {s["name"]: s["options"]["c"] for s in run["plan"]["stages"] if s["name"].startswith("train/")}
assert rates == {"train/0-1": 0.1, "train/0-5": 0.5}, rates
PY
cp -r out first
rm -rf out
runs 0 "the same again, on one thread" main.json --run-dir again -j 1
check "gives the same bytes" diff -r first out
"$run" main.json --graph >graph 2>&1
check "names of parts are in the graph" grep -q '"halves/split" -> "train/0-1"' graph
runs 0 "an option of a stage in a part" main.json --check --set halves/split.ratios='{"train":0.5,"test":0.5}' --set train/0-5.epochs=1
"$run" main.json --plan --set train/0-5.epochs=1 >plan.json 2>messages
check "is set in that one only" python3 - <<'PY'
import json
plan = json.load(open("plan.json"))
assert {s["name"]: s["options"]["epochs"] for s in plan["stages"] if s["use"] == "linear.train"} == {"train/0-1": 3, "train/0-5": 1}
PY
runs 2 "an option of no stage in a part" main.json --check --set halves/splti.by=label
says "an option of no stage in a part: the nearest" 'no stage "halves/splti"; did you mean "halves/split"\?'
runs 3 "an option of no element" main.json --check --set train/0-7.epochs=1
says "an option of no element: the nearest" 'no stage "train/0-7"'
runs 0 "each over nothing" main.json --check --rates '' --set halves/split.ratios='{"train":1}'
rm -rf out

# mistakes in a part say who includes it
sed 's/split.stratified/split.stratifeid/' parts/halves.yaml >parts/bad.yaml
sed 's/halves.yaml/bad.yaml/' main.json >bad.json
runs 3 "a mistake in a part" bad.json
says "a mistake in a part: where, and by whom it is included" 'parts/bad\.yaml:10:.*no stage "stratifeid"; did you mean "stratified"\?' \
  'included from bad\.json:9:'
# a stage that is left out
sed 's/"from": "train/"when": "!keep", "from": "train/; s/"each": "${rates}", "when": "keep"/"each": "${rates}"/' main.json >hole.json
python3 - <<'PY'
import json
pipeline = json.load(open("main.json"))
pipeline["stages"]["predict"]["when"] = "!keep"
json.dump(pipeline, open("hole.json", "w"), indent=1)
PY
runs 3 "a stage whose source is left out" hole.json
says "a stage whose source is left out: both places, and what to do" 'hole\.json:[0-9]+:.*"score/0-1" takes its input from "predict/0-1", which is left out' \
  '"predict" is left out by its "when": "!keep" \(hole\.json:[0-9]+:' '\{"first": \[\.\.\.\]\}'

# --- Config files ---

printf 'rates: [0.25]\nkeep: false\ntrain/0-25.epochs: 2\n' >parts/config.yaml
runs 0 "a config file" main.json --config parts/config.yaml --run-dir with-config
check "sets parameters and options" python3 - <<'PY'
import json
plan = json.load(open("with-config/run.json"))["plan"]
assert plan["parameters"]["rates"] == [0.25] and plan["parameters"]["keep"] is False
assert [s["options"]["epochs"] for s in plan["stages"] if s["use"] == "linear.train"] == [2]
PY
printf '{ "keep": true }' >second.json
"$run" main.json --plan --config parts/config.yaml --config second.json --rates 0.25,0.3 --set train/0-3.epochs=9 \
  >plan.json 2>messages
check "the command line comes before it, a later file before an earlier one" python3 - <<'PY'
import json
plan = json.load(open("plan.json"))
assert plan["parameters"]["keep"] is True and plan["parameters"]["rates"] == ["0.25", "0.3"], plan["parameters"]
stages = {s["name"]: s["options"] for s in plan["stages"] if s["use"] == "linear.train"}
assert (stages["train/0-25"]["epochs"], stages["train/0-3"]["epochs"], stages["train/0-3"]["c"]) == (2, 9, 0.3), stages
PY
printf 'rate: [x]\nkeep: "yes"\nlaod.path: x\n' >bad.yaml
runs 2 "a config file with mistakes" main.json --config bad.yaml
says "all mistakes of a config file" 'bad\.yaml:1:1:.*no parameter "rate"; did you mean "rates"\?' 'bad\.yaml:2:7:.*of kind string' \
  'bad\.yaml:3:1:.*no stage "laod"; did you mean "load"\?'

# --- The environment, .env and secrets ---

cat >env.json <<'J'
{ "weir": 1, "parameters": { "rows": { "type": "input-path", "default": "${env:ROWS}" } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "${rows}" } },
    "save": { "use": "file.write", "from": "load",
              "options": { "path": "out-${env:WEIR_E2E_NAME}.csv" } } } }
J
printf 'ROWS=data/rows.csv\nexport WEIR_E2E_NAME="from the file" # a remark\n' >.env
runs 0 "values from .env" env.json --run-dir env-run
check "name the output" test -s "out-from the file.csv"
check "and are not in the record" python3 - <<'PY'
import json
run = json.load(open("env-run/run.json"))
assert run["plan"]["parameters"]["rows"] == "${env:ROWS}"
assert run["plan"]["stages"][1]["options"]["path"] == "out-${env:WEIR_E2E_NAME}.csv"
PY
WEIR_E2E_NAME=outside runs 0 "the environment comes before .env" env.json --run-dir env-run2
check "the environment names the output" test -s out-outside.csv
printf 'ROWS=data/rows.csv\nnonsense\n' >.env
runs 2 "a bad .env" env.json
says "a bad .env: which line" '\.env:2: this line is no NAME=VALUE'
clean "no temporary file is left" "$work"
plan
