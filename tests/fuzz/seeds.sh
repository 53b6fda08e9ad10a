#!/bin/bash
# SPDX-License-Identifier: MIT
# seeds.sh FOLDER: puts the seed corpus of each fuzz target into a folder of its name: what stands beside this script, and
# what would be no text: archives, plugins, a model.
set -eu
export LLVM_PROFILE_FILE=/dev/null
here=$(cd "$(dirname "$0")" && pwd)
top_builddir=${top_builddir:-.}
run=$(cd "$top_builddir" && pwd)/pipeline-run
mkdir -p "$1" && cd "$1"
for folder in "$here"/*/; do
  mkdir -p "$(basename "$folder")" && cp "$folder"* "$(basename "$folder")/"
done
mkdir -p archive elf model

python3 - <<'PY'
import io, tarfile, zipfile
def tar(name, mode, members, fmt=tarfile.PAX_FORMAT):
    with tarfile.open("archive/" + name, mode, format=fmt) as t:
        for path, kind, text in members:
            info = tarfile.TarInfo(path)
            info.type = kind
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname, text = text, ""
            info.size = len(text.encode())
            t.addfile(info, io.BytesIO(text.encode()))
F, D, S, L, C = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE
description = '{"weir-artifact": 1, "kind": "model", "sha256": "' + "0" * 64 + '", "files": []}'
plain = [("artifact.json", F, description), ("a.csv", F, "x,y\n1,2\n"), ("d", D, ""), ("d/b", F, "text")]
for name, mode in (("tar", "w"), ("tar.gz", "w:gz"), ("tar.xz", "w:xz"), ("tar.bz2", "w:bz2")):
    tar("plain." + name, mode, plain)
tar("gnu.tar", "w", [("n" * 150 + "/" + "m" * 120, F, "x")], tarfile.GNU_FORMAT)
tar("ustar.tar", "w", [("top/x", F, "x"), ("top/top/y", F, "y")], tarfile.USTAR_FORMAT)
tar("bad-description.tar", "w", [("artifact.json", F, "{")])
for name, member in (("up", ("../x", F, "x")), ("root", ("/x", F, "x")), ("link", ("x", S, "/etc")), ("hard", ("x", L, "y")),
                     ("device", ("x", C, "")), ("deep", ("d/" * 40 + "x", F, "x")), ("long", ("n" * 300, F, "x")),
                     ("dir", ("only", D, "")), ("dot", ("./", D, ""))):
    tar(name + ".tar", "w", [member])
tar("twice.tar", "w", [("x", F, "1"), ("x", F, "2")])
tar("under.tar", "w", [("x", F, "1"), ("x/y", F, "2")])
tar("aside.tar", "w", [("t/.weir-archive-top", F, "1"), ("t/y", F, "2")])
tar("big.tar.gz", "w:gz", [("x", F, "0" * (2 << 20))])
for name, method in (("deflated.zip", zipfile.ZIP_DEFLATED), ("stored.zip", zipfile.ZIP_STORED), ("lzma.zip", zipfile.ZIP_LZMA)):
    with zipfile.ZipFile("archive/" + name, "w", method) as z:
        for path, kind, text in plain:
            z.writestr(path + ("/" if kind == D else ""), text)
import bz2, gzip, lzma
text = b"a,b\n" + b"1,2\n" * 100
for name, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
    data = pack(text)
    open("archive/rows.csv." + name, "wb").write(data)
    open("archive/cut.csv." + name, "wb").write(data[:-9])
    open("archive/more.csv." + name, "wb").write(data + b"more")
    open("archive/zeros.csv." + name, "wb").write(data + bytes(512))
open("archive/rows.csv", "wb").write(text)
open("archive/latin.tar", "wb").write(open("archive/root.tar", "rb").read().replace(b"/x\0\0", b"\xe9x\0\0", 1))
PY

"${CC_SMALL:-cc}" -shared -fPIC -Os -s -I"$here/../../framework/abi" -o elf/upper.so "$here/../abi/upper.c"
"${CC_SMALL:-cc}" -shared -fPIC -O0 -I"$here/../../framework/abi" -Wl,-z,now,-z,relro -o elf/now.so "$here/../abi/upper.c"
"${CC_SMALL:-cc}" -shared -fPIC -Os -s -nostdlib -x c -o elf/none.so - <<<'int nothing;'
head -c 3000 elf/upper.so >elf/cut
printf '#!/bin/sh\n' >elf/script
cp /bin/true elf/program

{ echo text,label,n; printf 'all is well,a,1\nnothing is,b,2\nwell and good,a,3\nbad and worse,b,4\n%.0s' 1 2 3 4; } >rows.csv
for kind in svm logistic multinomial; do
  cat >p.json <<JSON
{ "weir": 1, "name": "seed", "stages": {
  "load": { "use": "file.read", "options": { "path": "rows.csv" } },
  "model": { "use": "linear.train", "from": "load", "options": { "model": "$kind", "dense": ["n"] } },
  "save": { "use": "artifact.write", "from": "model", "options": { "path": "m-$kind" } } } }
JSON
  "$run" p.json --run-dir "run-$kind" -q >/dev/null 2>&1 || { "$run" p.json --run-dir "again-$kind"; exit 1; }
  (cat "m-$kind/model.json"; printf '\0'; cat "m-$kind/model.safetensors") >"model/$kind"
  (cat "m-$kind/model.json"; printf '\0'; head -c 400 "m-$kind/model.safetensors") >"model/$kind-cut"
done
python3 - <<'PY'
import json, struct
def model(name, description, header, data):
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    open("model/" + name, "wb").write(json.dumps(description).encode() + b"\0" + struct.pack("<Q", len(head)) + head + data)
for name, dtype, size in (("bool", "BOOL", 1), ("f16", "F16", 2), ("bf16", "BF16", 2), ("i16", "I16", 2), ("u32", "U32", 4), ("f64", "F64", 8),
                          ("i64", "I64", 8), ("e4m3", "F8_E4M3", 1), ("odd", "F7", 1)):
    model(name, {}, {"__metadata__": {"a": "b"}, "x": {"dtype": dtype, "shape": [2, 3], "data_offsets": [0, 6 * size]}}, bytes(6 * size))
model("overlap", {}, {"x": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}, "y": {"dtype": "U8", "shape": [4], "data_offsets": [2, 6]}}, bytes(6))
model("gap", {}, {"x": {"dtype": "U8", "shape": [4], "data_offsets": [2, 6]}}, bytes(6))
model("size", {}, {"x": {"dtype": "F32", "shape": [4], "data_offsets": [0, 4]}}, bytes(4))
model("scalar", {}, {"x": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}, bytes(4))
model("negative", {}, {"x": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4))
model("huge", {}, {"x": {"dtype": "F64", "shape": [1 << 40, 1 << 40], "data_offsets": [0, 4]}}, bytes(4))
model("words", {}, {"x": {"dtype": "F64", "shape": "4", "data_offsets": [0]}}, bytes(4))
model("meta", {}, {"__metadata__": {"a": 1}, "x": []}, b"")
model("empty", {}, {}, b"")
model("broken", {}, b'{"x": {', b"")
PY
rm -rf rows.csv p.json m-* run-* again-*
