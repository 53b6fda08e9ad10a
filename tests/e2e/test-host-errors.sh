#!/bin/bash
# SPDX-License-Identifier: MIT
# Pipelines that the host refuses: one clear message with file, line and nearest name, the right exit status, and
# nothing written.
. "$top_srcdir/tests/e2e/lib.sh"
printf 'text,label\none,a\ntwo,b\n' >rows.csv
load='"load": { "use": "file.read", "options": { "path": "rows.csv" } }'
save='"save": { "use": "file.write", "from": "load", "options": { "path": "out.csv" } }'

# refused CODE NAME STAGES PATTERN...: this pipeline is refused with this code, and this is said, each once.
refused() {
  local code=$1 name=$2 pattern
  printf '{ "weir": 1, "name": "bad",\n"stages": {\n%s } }\n' "$3" >bad.json
  shift 3
  runs "$code" "$name" bad.json
  for pattern; do
    if [ "$(grep -Ec -- "$pattern" messages)" = 1 ]; then ok "$name: $pattern"; else not_ok "$name: $pattern" "$(cat messages)"; fi
  done
  absent "$name: nothing is written" out.csv runs
  rm -rf out.csv runs
}

refused 3 "an unknown stage class" "$load, \"save\": { \"use\": \"file.wirte\", \"from\": \"load\" }" \
  'bad\.json:3:' 'no stage "wirte"; did you mean "write"\?'
refused 3 "an unknown plugin" "$load, \"save\": { \"use\": \"fiel.write\", \"from\": \"load\" }" \
  'bad\.json:3:.*plugin "fiel" was not found; did you mean "file"\?'
refused 3 "an unknown stage" "$load,
\"save\": { \"use\": \"file.write\", \"from\": \"laod\", \"options\": { \"path\": \"out.csv\" } }" \
  'bad\.json:4:.*unknown stage "laod"; did you mean "load"\?'
refused 3 "an unknown output" "$load,
\"save\": { \"use\": \"file.write\", \"from\": \"load.uot\", \"options\": { \"path\": \"out.csv\" } }" \
  'bad\.json:4:.*stage "load" \(file\.read\) has no output "uot"'
refused 3 "an unknown input" "$load,
\"save\": { \"use\": \"file.write\", \"from\": { \"inn\": \"load\" }, \"options\": { \"path\": \"out.csv\" } }" \
  'bad\.json:4:.*stage "save" \(file\.write\) has no input "inn"'
refused 3 "an unknown option" "$load,
\"save\": { \"use\": \"file.write\", \"from\": \"load\", \"options\": { \"paht\": \"out.csv\" } }" \
  'bad\.json:4:.*unknown option "paht"; did you mean "path"\?'
refused 3 "an unknown key" "$load,
\"save\": { \"use\": \"file.write\", \"form\": \"load\", \"options\": { \"path\": \"out.csv\" } }" \
  'bad\.json:4:.*unknown key "form" in stage "save"; did you mean "from"\?'
refused 3 "an unknown parameter" "\"load\": { \"use\": \"file.read\", \"options\": { \"path\": \"\${trian}\" } }, $save" \
  'bad\.json:3:.*unknown parameter "trian"'
refused 3 "an unknown field" "$load,
\"split\": { \"use\": \"split.stratified\", \"from\": \"load\", \"options\": { \"by\": \"lable\", \"ratios\": { \"a\": 0.5, \"b\": 0.5 } } },
\"save\": { \"use\": \"file.write\", \"from\": \"split.a\", \"options\": { \"path\": \"out.csv\" } },
\"also\": { \"use\": \"file.write\", \"from\": \"split.b\", \"options\": { \"path\": \"out2.csv\" } }" \
  'bad\.json:4:.*stage "split" \(split\.stratified\), port "in".*"lable".*did you mean "label"\?' \
  'comes from stage "load" \(file\.read\)'
refused 3 "a wrong type between stages" "$load,
\"keep\": { \"use\": \"artifact.write\", \"from\": \"load\", \"options\": { \"path\": \"out.csv\" } }" \
  'bad\.json:4:.*stage "keep".*column "kind" is missing' 'bad\.json:4:.*column "sha256" is missing'
refused 3 "a value out of range" "$load,
\"split\": { \"use\": \"split.stratified\", \"from\": \"load\", \"options\": { \"by\": \"label\", \"ratios\": { \"a\": -0.5, \"b\": 1.5 } } },
\"save\": { \"use\": \"file.write\", \"from\": \"split.a\", \"options\": { \"path\": \"out.csv\" } }" \
  'bad\.json:4:.*-0\.5'
refused 3 "a value of the wrong kind" "\"load\": { \"use\": \"file.read\", \"options\": { \"path\": 5 } }, $save" \
  'bad\.json:3:.*"path"'
refused 3 "a key twice" "$load,
$save,
\"load\": { \"use\": \"file.read\", \"options\": { \"path\": \"rows.csv\" } }" \
  'bad\.json:5:1: the key "load" is there twice: first on line 3'
refused 3 "a cycle" "\"a\": { \"use\": \"split.stratified\", \"from\": \"b.x\", \"options\": { \"by\": \"l\", \"ratios\": { \"x\": 1 } } },
\"b\": { \"use\": \"split.stratified\", \"from\": \"a.x\", \"options\": { \"by\": \"l\", \"ratios\": { \"x\": 1 } } }" \
  'bad\.json:3:1: the stages feed each other in a cycle: a → b → a'
refused 3 "two writers of one path" "$load,
$save,
\"again\": { \"use\": \"file.write\", \"from\": \"load\", \"options\": { \"path\": \"./x/../out.csv\" } }" \
  'bad\.json:5:.*stages "save" and "again" both write ".*/out\.csv"' '"save" writes .*bad\.json:4:'
cp rows.csv kept.csv
refused 3 "writing over the input" "\"load\": { \"use\": \"file.read\", \"options\": { \"path\": \"kept.csv\" } },
\"save\": { \"use\": \"file.write\", \"from\": \"load\", \"options\": { \"path\": \"x/../kept.csv\" } }" \
  'bad\.json:4:.*stage "save" would write over what stage "load" reads: ".*/kept\.csv"' '"load" reads .*bad\.json:3:'
refused 3 "writing over one of many inputs" "\"load\": { \"use\": \"file.read\", \"options\": { \"path\": \"kep*.csv\" } },
\"save\": { \"use\": \"file.write\", \"from\": \"load\", \"options\": { \"path\": \"kept.csv\" } }" \
  'bad\.json:4:.*stage "save" would write over what stage "load" reads'
refused 3 "writing over the pipeline" "$load,
\"save\": { \"use\": \"file.write\", \"from\": \"load\", \"options\": { \"path\": \"bad.json\" } }" \
  'bad\.json:4:.*stage "save" would write over the pipeline file itself'
refused 3 "a missing file" "\"load\": { \"use\": \"file.read\", \"options\": { \"path\": \"rosw.csv\" } }, $save" \
  'bad\.json:3:.*rosw\.csv'
mkdir -p folder.csv
refused 3 "a folder where a file is wanted" "\"load\": { \"use\": \"file.read\", \"options\": { \"path\": \"folder.csv\" } }, $save" \
  'bad\.json:3:.*folder\.csv'
refused 3 "an output that nothing takes" "$load" \
  'bad\.json:3:1: nothing takes output "out" of stage "load"'
refused 3 "several mistakes at once" "\"load\": { \"use\": \"file.read\", \"options\": { \"paht\": \"rows.csv\" } },
\"save\": { \"use\": \"file.write\", \"from\": \"laod\", \"options\": { \"path\": \"out.csv\" } },
\"more\": { \"use\": \"none.such\" }" \
  'bad\.json:3:.*"paht"' 'bad\.json:4:.*"laod"' 'bad\.json:5:.*"none"'

# --- Files of pipelines ---

runs 3 "no such pipeline" bda.json
says "no such pipeline: what, and the nearest" 'bda\.json' 'bad\.json'
runs 3 "a folder instead of a pipeline" folder.csv
says "a folder instead of a pipeline: what" 'folder\.csv'
printf '{ "weir": 1,\n "stages": {\n' >bad.json
runs 3 "a pipeline that is cut off" bad.json
says "a pipeline that is cut off: where" 'bad\.json:[23]:'
: >bad.json
runs 3 "an empty pipeline" bad.json
says "an empty pipeline: what" 'bad\.json.*empty'

# --- Folders of plugins ---

printf '{ "weir": 1, "name": "bad", "stages": {\n%s, %s } }\n' "$load" "$save" >good.json
mkdir plugins
cp -L "$top_builddir/stages/file.so" plugins/
chmod 0777 plugins
WEIR_PLUGIN_PATH=$PWD/plugins runs 3 "a folder of plugins that others can write to" good.json
says "a folder of plugins that others can write to: which, and what to do" 'good\.json:2:.*' "$PWD/plugins" \
  'everybody can write to it' '--unsafe-plugins'
absent "a folder of plugins that others can write to: nothing is written" out.csv runs
WEIR_PLUGIN_PATH=$PWD/plugins runs 0 "unless asked for" --unsafe-plugins good.json
chmod 0755 plugins
rm -rf out.csv runs
WEIR_PLUGIN_PATH=$PWD/plugins runs 0 "once nobody else can" good.json

# --- Run directories ---

mkdir full
echo mine >full/file
runs 2 "a run directory that is not empty" --run-dir full good.json
says "a run directory that is not empty: which" 'full" is not empty'
check "a run directory that is not empty: stays" grep -qx mine full/file
plan
