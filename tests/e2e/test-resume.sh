#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs that are ended and resumed: what has to be given, what is run again, what is refused, what is left behind.
. "$top_srcdir/tests/e2e/lib.sh"
export SOURCE_DATE_EPOCH=1700000000

# event DIR STAGE STATE: how often the journal says so.
event() { grep -c "\"event\":\"stage-state\",\"stage\":\"$2\",\"state\":\"$3\"" "$1/events.jsonl"; }
# times N DIR STAGE: the stage ran so often.
times() {
  local n
  n=$(event "$2" "$3" running)
  if [ "$n" = "$1" ]; then ok "stage $3 ran $1 times"; else not_ok "stage $3 ran $1 times" "ran $n times"; fi
}

runs 0 "a run that nobody disturbs" "$pipelines/quickstart.json" --output wanted --run-dir undisturbed
absent "a run that is done keeps nothing that only a resume would need" undisturbed/stages undisturbed/scratch \
  undisturbed/lock undisturbed/rejects
check "it has begin.json" test -s undisturbed/begin.json

cat >fails.json <<PIPELINE
{ "weir": 1, "name": "fails", "seed": 1,
  "parameters": { "output": { "type": "output-path" }, "epochs": { "type": "integer", "optional": true } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "rows.csv" } },
    "split": { "use": "split.stratified", "from": "load",
               "options": { "by": "category", "ratios": { "train": 0.8, "test": 0.2 } } },
    "model": { "use": "linear.train", "from": "split.train",
               "options": { "text": "text", "label": "category", "epochs": "\${epochs}" } },
    "save": { "use": "artifact.write", "from": "model", "options": { "path": "\${output}/model" } },
    "predict": { "use": "linear.predict", "from": { "model": "model", "records": "split.test" },
                 "options": { "text": "text" } },
    "last": { "use": "file.write", "from": "predict",
              "options": { "path": "\${output}/folder/predictions.jsonl" } } } }
PIPELINE
cp "$pipelines/quickstart.csv" rows.csv
runs 0 "another run that nobody disturbs" fails.json --output fine --run-dir fine-run --epochs 3

# A disk that is full, where the last stage writes.
mkdir -p got/folder
ln -s /dev/full got/folder/predictions.jsonl
runs 1 "a run whose last stage fails" fails.json --output got --run-dir failed --epochs 3
says "it says why" 'stage "last" .*: cannot write'
rm got/folder/predictions.jsonl
cp -r failed again && cp -r got got-again
runs 0 "resumed with nothing but the folder" --resume failed
says "it says what is not run again" 'not run again: load, split, model'
check "the same bytes" diff -r fine got
times 1 failed load
times 1 failed model
times 2 failed last
absent "nothing is left that only a resume would need" failed/stages failed/scratch failed/lock
runs 0 "once more" --resume failed
says "it is done" 'is done; there is nothing to resume'
clean "no temporary files" "$work"

check "figures and artifacts in run.json are those of the run that nobody disturbed" python3 - fine-run failed <<'PY'
import json, sys
a, b = (json.load(open(folder + "/run.json")) for folder in sys.argv[1:])
for record in a, b:
    record.pop("measured")
    record["plan"]["parameters"].pop("output")
    for stage in record["plan"]["stages"]:
        stage["options"].pop("path", None)
    for output in record["outputs"]:
        output["path"] = output["path"].split("/")[-1]
for key in a:
    assert a[key] == b[key], key
assert a["metrics"]
PY

# What may be repeated, and what may not.
fresh() { rm -rf now got && cp -r again now && cp -r got-again got; }
fresh
runs 2 "another value" --resume now --epochs 4
says "it is named" '--epochs: the run was begun with 3'
runs 2 "an option" --resume now --set model.epochs=4
says "it is named" '--set cannot be given with --resume'
runs 2 "an unknown option" --resume now --epoch 3
says "the nearest name is offered" 'did you mean "--epochs"'
runs 0 "the same values and the file" fails.json --resume now --epochs 3 --output got
check "the same bytes" diff -r fine got
fresh
sed 's/0\.8/0.7/; s/0\.2/0.3/' fails.json >other.json
runs 2 "another pipeline" other.json --resume now
says "it says so" 'not the pipeline that the run was begun with'
cp fails.json kept.json && cp other.json fails.json
runs 0 "a pipeline file that has changed since is not looked at" --resume now
check "the same bytes" diff -r fine got
cp kept.json fails.json

# What has changed is made again.
fresh
touch -d '2001-01-01' rows.csv
runs 0 "an input of another time, but with the same content" --resume now
times 1 now load
check "the same bytes" diff -r fine got
fresh
head -n 200 "$pipelines/quickstart.csv" >rows.csv
runs 0 "an input that has changed" --resume now
says "it says so" 'warning: ".*/rows.csv" has changed since the run began' 'is run again'
times 2 now load
times 2 now model
runs 0 "a run of that input" fails.json --output short --run-dir short-run --epochs 3
check "the bytes are those of a run of what is there now" diff -r short got
cp "$pipelines/quickstart.csv" rows.csv

# What is damaged is not believed.
damage() {
  local size
  size=$(stat -c %s "$1")
  printf 'X' | dd of="$1" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
}
fresh
damage now/stages/predict/out.table
runs 0 "a kept output with a byte changed" --resume now
says "it says so" 'stage "predict" is run again'
times 2 now predict
times 1 now split
check "the same bytes" diff -r fine got
fresh
damage now/stages/model/whole.json
runs 0 "a mark with a byte changed" --resume now
says "it says so" 'whole.json" is damaged'
times 2 now model
check "the same bytes" diff -r fine got
fresh
rm -r now/artifacts/model
runs 0 "an artifact that is gone" --resume now
says "it says so" 'is run again: "artifacts/model/model" is gone'
check "the same bytes" diff -r fine got
fresh
: >got/model/model.safetensors
runs 0 "an output outside that was altered" --resume now
times 2 now save
check "the same bytes" diff -r fine got

# What is refused.
runs 2 "no run directory" --resume nowhere
says "it says so" 'there is no run directory'
mkdir empty
runs 2 "an empty folder" --resume empty
says "what to do" 'no run was begun there; start it'
fresh
sed -i 's/"format": 1/"format": 9/' now/begin.json
runs 2 "another version" --resume now
says "what to do" 'start the run anew'
fresh
echo '{' >now/begin.json
runs 2 "a begin.json that is none" --resume now
fresh
exec 9>>now/lock
flock 9
echo "process 4711 on elsewhere" >now/lock
runs 2 "a run that goes on in another process" --resume now
says "it names the process" 'is going on, in process 4711 on elsewhere'
exec 9>&-
fresh
for n in 1 2 3; do
  (
    "$run" --resume now >"said-$n" 2>&1 </dev/null
    echo $? >"code-$n"
  ) &
done
wait
check "of several that resume a run at once one does, the others come too late or are refused" \
  bash -c 'grep -qx 0 code-? && ! grep -vx "[02]" code-?'
check "the same bytes" diff -r fine got
times 2 now last

# How long a record may be.
cat >long.json <<'PIPELINE'
{ "weir": 1, "name": "long", "stages": {
    "load": { "use": "file.read", "on_error": "reject", "options": { "path": "long.jsonl" } },
    "save": { "use": "file.write", "from": "load", "options": { "path": "kept.jsonl" } } } }
PIPELINE
python3 -c 'print("{\"text\": \"short\"}\n{\"text\": \"%s\"}" % ("y" * 200000))' >long.jsonl
ln -s /dev/full kept.jsonl
runs 1 "a run that fails after it has rejected" long.json --run-dir long --max-record 100K
rm -r kept.jsonl long/stages
runs 2 "another length" --resume long --max-record 1M
says "it is refused" '--max-record cannot be given with --resume'
runs 0 "resumed" --resume long
check "a record may be as long as before" test "$(wc -l <kept.jsonl)" = 1
check "and run.json says how long, and what memory there was" python3 -c '
import json
measured = json.load(open("long/run.json"))["measured"]
assert measured["max_record"] == 102400 and measured["memory"] > 1 << 20, measured'
fresh
printf '{"time":"half a li' >>now/events.jsonl
runs 0 "a journal that ends within a line" --resume now
check "every line of it is whole" python3 -c 'import json; [json.loads(line) for line in open("now/events.jsonl")]'
check "the same bytes" diff -r fine got
plan
