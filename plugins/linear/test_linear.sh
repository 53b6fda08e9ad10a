#!/bin/sh
# SPDX-License-Identifier: MIT
# Trains and predicts through pipelines: figures, several tasks, dense columns, any number of threads, bad input.
# shellcheck source=tests/tap.sh
. "$top_srcdir/tests/tap.sh"

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
here=$(cd "$top_builddir" && pwd)
cd "$work" || exit 99

# The rows: three intents told apart by words, two moods told apart by a number.
awk 'BEGIN {
  split("lost stolen missing blocked", a, " "); split("transfer deposit payment salary", b, " ")
  split("password login account address", c, " ")
  print "text,label,task,n"
  for (i = 0; i < 600; i++) {
    k = i % 3; w = k == 0 ? a[i % 4 + 1] : k == 1 ? b[i % 4 + 1] : c[i % 4 + 1]
    printf "my %s is number %d,%s,intent,%d\n", w, i % 17, k == 0 ? "card" : k == 1 ? "money" : "access", i % 5
    printf "word %d,%s,mood,%s\n", i % 3, i % 2 ? "good" : "bad", i % 2 ? 5 + i % 3 : -5 - i % 3
  }
}' >both.csv
awk -F, 'NR == 1 || $3 == "intent"' both.csv >one.csv

# pipeline TRAIN-OPTIONS PREDICT-OPTIONS: writes p.json, which trains on --data and predicts it again.
pipeline() {
  cat >p.json <<END
{ "weir": 1, "name": "p",
  "parameters": { "data": { "type": "input-path" }, "output": { "type": "output-path", "default": "out" } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "\${data}" } },
    "model": { "use": "linear.train", "from": { "train": "load" }, "options": { $1 } },
    "predict": { "use": "linear.predict", "from": { "model": "model", "records": "load" }, "options": { $2 } },
    "write": { "use": "file.write", "from": "predict", "options": { "path": "\${output}/rows.jsonl" } },
    "save": { "use": "artifact.write", "from": "model", "options": { "path": "\${output}/model" } } } }
END
}

run() {
  rm -rf out
  "$here/pipeline-run" p.json "$@" >log 2>&1
}

# right TEST-NAME LEAST: at least this share of the rows written is predicted right, with sound confidences.
right() {
  if python3 - "$2" >why 2>&1 <<'END'
import json, sys
rows = [json.loads(line) for line in open("out/rows.jsonl", encoding="utf-8")]
share = sum(row["prediction"] == row["label"] for row in rows) / len(rows)
assert share >= float(sys.argv[1]), share
assert all(0 < row["confidence"] <= 1 for row in rows)
for row in rows:
    if "p" in row:
        assert abs(sum(row["p"]) - 1) < 1e-4 and abs(max(row["p"]) - row["confidence"]) < 1e-5, row
END
  then ok "$1"; else not_ok "$1" "$(cat why log)"; fi
}

# refused TEST-NAME PATTERN ARGUMENTS...: the run fails and says so.
refused() {
  name=$1 pattern=$2
  shift 2
  if run "$@"; then not_ok "$name" "it was accepted"
  elif grep -q "$pattern" log; then ok "$name"
  else not_ok "$name" "$(cat log)"; fi
}

for model in svm logistic multinomial; do
  pipeline "\"model\": \"$model\"" '"probabilities": "p"'
  run --data one.csv
  right "$model learns three labels" 0.99
done

pipeline '"hash-bits": 12, "class-weight": "balanced", "weights": { "card": 2 }' ''
run --data one.csv
right "hashed features, weighted labels" 0.99

pipeline '"task": "task", "dense": ["n"]' '"task": "task", "dense": ["n"]'
run --data both.csv
right "two tasks and a dense column" 0.99

pipeline '"word-max": 0, "pair-window": 0' ''
run --data one.csv
right "characters only" 0.99

pipeline '"max-features": 50, "epochs": 5' ''
run --data one.csv --jobs 1 && mv out first && run --data one.csv --jobs 2
if diff -r first out >difference 2>&1; then ok "one and two threads give the same bytes"
else not_ok "one and two threads give the same bytes" "$(cat difference log)"; fi

# The seed that was drawn stands in model.json, and survives readers that have only doubles.
seed=$(python3 -c 'import json; print(int(float(json.load(open("out/model/model.json"))["training"]["seed"])))')
mv out first-seed && run --data one.csv --set "model.seed=$seed"
if diff -r first-seed/model out/model >difference 2>&1; then ok "the recorded seed gives the same model"
else not_ok "the recorded seed gives the same model" "$(cat difference log)"; fi

# Labels that are numbers; texts that are empty, or no words at all.
printf 'text,label\n,1\n"?!",2\nfine,1\n,\nfine,1\n' >odd.csv
pipeline '' ''
if run --data odd.csv && grep -q '1 of 5 rows have no label' log; then ok "empty texts and labels"
else not_ok "empty texts and labels" "$(cat log)"; fi

# Two sources of one model folder.
cat >saved.json <<'END'
{ "weir": 1, "name": "saved", "parameters": { "data": { "type": "input-path" } },
  "stages": {
    "model": { "use": "artifact.read", "options": { "path": "model" } },
    "load": { "use": "file.read", "options": { "path": "${data}" } },
    "predict": { "use": "linear.predict", "from": { "model": "model", "records": "load" } },
    "write": { "use": "file.write", "from": "predict", "options": { "path": "again.jsonl" } } } }
END
run --data one.csv && mv out/rows.jsonl rows.jsonl && mv out/model model
"$here/pipeline-run" saved.json --data one.csv >log 2>&1
if cmp rows.jsonl again.jsonl >difference 2>&1; then ok "a saved model predicts the same"
else not_ok "a saved model predicts the same" "$(cat difference log)"; fi

pipeline '' ''
printf 'text,label\n' >x.csv
refused "no rows" '"train" is empty' --data x.csv
printf 'text,label\na,\nb,\n' >x.csv
refused "no labels" 'none of the 2 rows has' --data x.csv
printf 'text,label\na,x\nb,x\n' >x.csv
refused "one label" 'nothing to tell apart.*"x"' --data x.csv
printf 'txt,label\na,x\nb,y\n' >x.csv
refused "no text column" 'did you mean "txt"' --data x.csv
printf '%s\n' '{"text":"a","label":"x\u0000y"}' '{"text":"b","label":"x"}' '{"text":"c","label":"z"}' >x.jsonl
refused "a NUL in a label" '"x\\x00y".*NUL' --data x.jsonl
pipeline '"word-min": 3' ''
refused "n-grams upside down" '"word-min" is 3' --data one.csv
pipeline '"word-max": 0, "char-max": 0, "pair-window": 0' ''
refused "nothing to learn from" 'nothing to learn from' --data one.csv
pipeline '"weights": { "cards": 2 }' ''
refused "a weight of no label" '"cards"' --data one.csv
pipeline '"task": "task", "dense": ["n"]' '"dense": ["n"]'
refused "tasks without a column" 'serves 2 tasks' --data both.csv
pipeline '"dense": ["n"]' ''
refused "dense columns left out" 'reads 1 dense column: "n"' --data one.csv

{ echo 'text,label,task'; printf 'a,x,t\nb,y,t\n'; } >x.csv
{ echo 'text,label,task'; printf 'a,x,n%s\n' "$(printf 'é%.0s' $(seq 100))"; } >other.csv
pipeline '"task": "task"' '"task": "task"'
sed 's/"load": {.*/&\n    "other": { "use": "file.read", "options": { "path": "other.csv" } },/; s/"records": "load"/"records": "other"/' \
  p.json >q.json && mv q.json p.json
refused "a task that the model does not have" 'other.csv:2: the task is "nééé*…".*which the model does not serve: it has "t"' --data x.csv

{ echo 'text,label,task'; printf 'a,x,t\nb,x,u\nb,y,t\na,y,\n'; } >other.csv
run --data x.csv --on-error reject
if [ "$(grep -c '"prediction"' out/rows.jsonl)" = 2 ] && grep -q 'rejected: other.csv:3: the task is "u"' log &&
  grep -q 'rejected: other.csv:5: the task is ""\|rejected: other.csv:5: there is no task' log; then
  ok "such records can be rejected"
else
  not_ok "such records can be rejected" "$(cat log out/rows.jsonl)"
fi
pipeline '' '"probabilities": "p"'
run --data x.jsonl --on-error reject
if grep -q 'rejected: x.jsonl:1: .*NUL' log && [ "$(grep -c '"prediction"' out/rows.jsonl)" = 3 ]; then ok "a NUL in a label can be rejected"
else not_ok "a NUL in a label can be rejected" "$(cat log)"; fi

awk 'BEGIN { print "text,label"; for (i = 0; i < 400000; i++) printf "word%d,id%d\n", i % 200000, i }' >x.csv
pipeline '"char-max": 0, "pair-window": 0, "min-df": 1' ''
refused "a label that is no class" '400000 labels with 200000 features and 400000 rows need .*, more memory than the machine has' --data x.csv

awk -F, 'BEGIN { OFS = "," } NR == 1 { print "text,label,n,m"; next } { print $1, $2, $4, NR % 3 }' one.csv >x.csv
pipeline '"dense": ["n", "m"]' '"dense": ["m", "n"]'
run --data x.csv
if grep -q 'names "m" where the model was trained with "n"' log; then ok "dense columns in another order"
else not_ok "dense columns in another order" "$(cat log)"; fi
plan
