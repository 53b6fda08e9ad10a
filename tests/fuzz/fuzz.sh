#!/bin/bash
# SPDX-License-Identifier: MIT
# fuzz.sh SECONDS [TARGET...]: fuzzes each target for so long, then tells how much of its parser the corpus reaches, which
# must be 80 % of the lines. In a build that was configured with CC=clang --enable-fuzzing; ends with a line a target.
set -u
. "$top_srcdir/tests/tap.sh"
seconds=$1
shift
least=80
corpus=${FUZZ_CORPUS:-$(pwd)/fuzz-corpus}
prefix=$(ls -d /usr/lib/llvm-*/bin 2>/dev/null | sort -V | tail -1)
clang_major=$(clang --version | sed -n 's/.*version \([0-9]*\).*/\1/p')
[ -d "/usr/lib/llvm-$clang_major/bin" ] && prefix=/usr/lib/llvm-$clang_major/bin
core=framework/core file=plugins/file

# What counts as the parser of a target.
parser() {
  case $1 in
    types) echo $core/type_expr.c $core/porttype.c $core/porttype_bind.c $core/porttype_output.c ;;
    csv) echo $file/csv_*.c framework/base/value_parse.c framework/base/value_real.c ;;
    jsonl) echo $file/json_*.c ;;
    archive) echo framework/store/archive_unpack.c $file/source.c ;;
    elf) echo $core/elf_*.c ;;
    model) echo framework/ml/safetensors.c framework/ml/text_model_load.c ;;
    config) echo framework/base/tree_json.c framework/base/json_token.c framework/base/tree_yaml.c framework/base/yaml_*.c \
      $core/pipeline.c $core/pipeline_[!c]*.c $core/dotenv.c ;;
    expression) echo framework/expression/*.c ;;
  esac
}

"$top_srcdir/tests/fuzz/seeds.sh" "$corpus" >fuzz-seeds.log 2>&1 || { not_ok "seeds" "$(cat fuzz-seeds.log)"; plan; exit 1; }
targets=${*:-$(cd "$corpus" && echo *)}
# Each on a processor of its own.
export seconds corpus
here=$(pwd)
export here
printf '%s\n' $targets | xargs -P "$(nproc)" -I {} bash -c '
  mkdir -p "fuzz-found/{}"
  LLVM_PROFILE_FILE=/dev/null "$here/tests/fuzz/fuzz_{}" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -max_len=65536 \
    -verbosity=0 -artifact_prefix="fuzz-found/{}/" -print_final_stats=1 "$corpus/{}" >"fuzz-{}.log" 2>&1
  echo $? >"fuzz-{}.status"'
for target in $targets; do
  program=$here/tests/fuzz/fuzz_$target
  if [ "$(cat "fuzz-$target.status")" = 0 ]; then
    ok "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "fuzz-$target.log") inputs"
  else
    not_ok "$target: $(ls "fuzz-found/$target" | head -3 | tr '\n' ' ')" "$(tail -n 40 "fuzz-$target.log")"
  fi
  LLVM_PROFILE_FILE=fuzz-$target.profraw "$program" -runs=0 -timeout=20 "$corpus/$target" >>"fuzz-$target.log" 2>&1
  "$prefix/llvm-profdata" merge -o "fuzz-$target.profdata" "fuzz-$target.profraw"
  binary=$program
  [ -x "$(dirname "$program")/.libs/fuzz_$target" ] && binary=$(dirname "$program")/.libs/fuzz_$target
  sources=$(cd "$top_srcdir" && for s in $(parser "$target"); do case $s in */test*) ;; *) realpath "$s" ;; esac; done)
  covered=$("$prefix/llvm-cov" export -summary-only "$binary" -instr-profile="fuzz-$target.profdata" 2>>"fuzz-$target.log" |
    python3 -c 'import json, os, sys
# By their real names: the compiler may have been called from anywhere.
wanted, lines, hit = set(sys.argv[1].split("\n")), 0, 0
for f in json.load(sys.stdin)["data"][0]["files"]:
    if os.path.realpath(f["filename"]) in wanted:
        l = f["summary"]["lines"]
        lines, hit = lines + l["count"], hit + l["covered"]
        print("#   %5.1f %%  %s" % (l["percent"], f["filename"]), file=sys.stderr)
print("%.1f" % (100 * hit / max(lines, 1)))' "$sources" 2>"fuzz-$target.coverage" || echo 0)
  if [ "${covered%.*}" -ge $least ]; then ok "$target: $covered % of its parser's lines"; else
    not_ok "$target: $covered % of its parser's lines, $least wanted" "$(cat "fuzz-$target.coverage")"
  fi
done
plan
