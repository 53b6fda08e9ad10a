#!/bin/bash
# SPDX-License-Identifier: MIT
# Completion: what the programs offer, and what each shell makes of it.
. "$top_srcdir/tests/tap.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-complete.XXXXXX")
trap 'rm -rf "$work"' EXIT
completions=$top_srcdir/framework/cli/completions
build=$(cd "$top_builddir" && pwd)
completions=$(cd "$completions" && pwd)
cd "$work" || exit 99
export PATH=$build:$PATH
mkdir folder
cat >p.json <<'JSON'
{ "weir": 1, "name": "p",
  "parameters": { "input": { "type": "input-path", "help": "what to read" },
                  "metric": { "type": "choice", "choices": ["accuracy", "macro-f1"], "default": "accuracy" },
                  "strict": { "type": "boolean", "default": false } },
  "stages": { "load": { "use": "file.read", "options": { "path": "${input}" } },
              "save": { "use": "file.write", "from": "load", "options": { "path": "out.csv" } } } }
JSON

# offers NAME WANTED PROGRAM WORD...: the answer has exactly these words, in any order.
offers() {
  local name=$1 want=$2 got
  shift 2
  got=$("$1" --complete "${@:2}" | cut -f1 | sort | tr '\n' ' ')
  if [ "$got" = "$want" ]; then ok "$name"; else not_ok "$name" "wanted: $want
got: $got"; fi
}

offers "a file at first" ":files " pipeline-run ""
offers "parameters and flags of a letter" "--metric --metrics " pipeline-run p.json --met
offers "flags without a file" "--quiet " pipeline-run --q
offers "parameters before flags that begin so" "--input " pipeline-run p.json --inp
offers "choices of a parameter" "accuracy macro-f1 " pipeline-run p.json --metric ""
offers "the same behind =" "--metric=macro-f1 " pipeline-run p.json --metric=m
offers "truth of a boolean behind =" "--strict=false --strict=true " pipeline-run p.json --strict=
offers "files for a path" ":files " pipeline-run p.json --input ""
offers "a boolean that is not" "--no-strict " pipeline-run p.json --no
offers "folders where there is no run" ":folders " pipeline-run --resume ""
mkdir -p runs/p-1 runs/.cache mine
touch runs/p-1/begin.json mine/begin.json
offers "runs to resume" "mine runs/p-1 " pipeline-run --resume ""
offers "runs in a folder" "runs/p-1 " pipeline-run --resume runs/
offers "folders on the way to a run" ":folders " pipeline-run --resume fol
offers "words of a flag" "reject stop " pipeline-run p.json --on-error ""
offers "files for a flag" ":files " pipeline-run p.json --metrics ""
offers "folders for a folder" ":folders " pipeline-run p.json --run-dir ""
offers "files for a flag that repeats" ":files " pipeline-run p.json --config ""
offers "stages after --set" "load. save. " pipeline-run p.json --set ""
offers "options of a stage" "load.header= " pipeline-run p.json --set load.header
offers "choices of an option" "load.header=auto load.header=no load.header=yes " pipeline-run p.json --set load.header=
offers "nothing once there is a file" "" pipeline-run p.json ""
offers "nothing where the file is none" "" pipeline-run none.json --set ""
offers "nothing for a broken file" "" pipeline-run folder --set ""
offers "plugins" "split " pipeline-inspect spl
offers "stages of a plugin" "file.read " pipeline-inspect file.r
offers "flags of pipeline-inspect" "--schema " pipeline-inspect --sch

# --- bash ---

cat >bash.sh <<'SH'
compopt() { :; } # only within a real completion
. "$1"
COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
_weir_complete "$2"
printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
SH
in_bash() {
  local name=$1 want=$2 got
  shift 2
  got=$(bash --norc bash.sh "$completions/pipeline-run" "$@")
  if [ "$got" = "$want" ]; then ok "bash: $name"; else not_ok "bash: $name" "wanted: $want
got: $got"; fi
}
in_bash "parameters" "--metric --metrics " pipeline-run p.json --met
in_bash "files" "p.json " pipeline-run p.
in_bash "folders" "folder " pipeline-run p.json --run-dir fol
touch 'q*.csv' q1.csv
in_bash "files with odd names, as they are" 'q*.csv q1.csv ' pipeline-run p.json --input q
in_bash "files behind =" "p.json " pipeline-run p.json --input=p.
rm 'q*.csv' q1.csv
in_bash "stages" "load. save. " pipeline-run p.json --set ""
in_bash "plugins" "split " pipeline-inspect spl

# --- fish ---

if command -v fish >/dev/null; then
  in_fish() {
    local got
    got=$(HOME=$work fish --no-config -c "source $completions/pipeline-run.fish; source $completions/pipeline-inspect.fish
      complete -C '$3'" | cut -f1 | sort | tr '\n' ' ')
    if [ "$got" = "$2" ]; then ok "fish: $1"; else not_ok "fish: $1" "wanted: $2
got: $got"; fi
  }
  in_fish "parameters" "--metric --metrics " "pipeline-run p.json --met"
  in_fish "choices" "accuracy macro-f1 " "pipeline-run p.json --metric "
  in_fish "files" "p.json " "pipeline-run p."
  in_fish "plugins" "split " "pipeline-inspect spl"
else
  skip "fish" "it is not installed"
fi

# --- zsh ---

if command -v zsh >/dev/null; then
  cat >zsh.sh <<'SH'
zmodload zsh/zpty
zpty -w z 2>/dev/null
zpty z zsh -f -i
zpty -w z "PROMPT=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -d $2/dump; zstyle ':completion:*' list-colors ''; LISTMAX=0; print re''ady"
zpty -r -m z line '*ready*'
zpty -w -n z "$3"$'\t\t'
sleep 0.7
out=
while zpty -r -t z part; do out+=$part; sleep 0.1; done
print -r -- "$out"
zpty -d z
SH
  in_zsh() {
    local got
    got=$(cd "$work" && HOME=$work timeout 60 zsh -f zsh.sh "$completions" "$work" "$3" 2>&1)
    if [[ $got == *$2* ]]; then ok "zsh: $1"; else not_ok "zsh: $1" "wanted: $2
got: $(printf %s "$got" | cat -v)"; fi
  }
  in_zsh "parameters" "pipeline-run p.json --metric" "pipeline-run p.json --met"
  in_zsh "plugins" "pipeline-inspect split" "pipeline-inspect spl"
else
  skip "zsh" "it is not installed"
fi
plan
