#!/bin/bash
# SPDX-License-Identifier: MIT
# make check-torture [ROUNDS=100]: runs that are killed at any time, and right before each call that changes a file.
set -u
rounds=${ROUNDS:-100}
data=${WEIR_DATA:-}/banking77
torture=(python3 "$top_srcdir/tests/faults/torture.py" --build "$top_builddir")
classify=("${torture[@]}" --pipeline "$top_srcdir/pipelines/text-classify.json" --parameter=--label=category
  --rounds "$rounds")
if [ -f "$data/train.csv" ]; then
  "${classify[@]}" --parameter=--train="$data/train.csv" --parameter=--test="$data/test.csv" || exit 1
else
  "${classify[@]}" --parameter=--train="$top_srcdir/pipelines/quickstart.csv" || exit 1
fi
"${torture[@]}" --pipeline "$top_srcdir/pipelines/quickstart.json" --each-call --rounds "$rounds"
