#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes the JSON Schemas into a folder: generate.sh BUILD-FOLDER FOLDER.
set -e
build=$1 into=$2
mkdir -p "$into/records"
"$build/pipeline-inspect" --unsafe-plugins --schema "$build"/stages/*.so >"$into/pipeline.schema.json"
for name in $("$build/schemas/gen-records"); do
  "$build/schemas/gen-records" "$name" >"$into/records/$name.schema.json"
done
