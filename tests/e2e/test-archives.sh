#!/bin/bash
# SPDX-License-Identifier: MIT
# Artifacts as archive files: taken apart by tar and Python's zipfile, taken up from theirs, and those of enemies refused.
. "$top_srcdir/tests/e2e/lib.sh"

cat >move.json <<'JSON'
{ "weir": 1, "name": "move", "parameters": { "from": { "type": "input-path", "default": "folder" }, "to": { "type": "output-path" } },
  "stages": {
    "read": { "use": "artifact.read", "options": { "path": "${from}", "kind": "dataset" } },
    "write": { "use": "artifact.write", "from": "read", "options": { "path": "${to}" } } } }
JSON
mkdir -p folder/deep
echo one >folder/one
echo two >folder/deep/zwölf

runs 0 "an artifact goes out as a folder" move.json --to plain
for kind in tar tar.gz tar.zst tar.xz zip; do
  runs 0 "an artifact goes out as $kind" move.json --to "there.$kind"
  runs 0 "and from there into a folder" move.json --from "there.$kind" --to "back-$kind"
  check "which is the same" diff -r plain "back-$kind"
  runs 0 "once more from the folder" move.json --from plain --to "again.$kind"
  check "gives the same bytes" cmp "there.$kind" "again.$kind"
  mkdir "peer-$kind"
  if [ $kind = zip ]; then
    check "Python's zipfile reads it" python3 -m zipfile -e there.zip peer-zip
  else
    check "tar reads it" tar -C "peer-$kind" -xf "there.$kind"
  fi
  check "and finds the same files" diff -r plain "peer-$kind"
done

tar -C plain -czf dot.tgz .
runs 0 "an archive of tar's, with ./ before each name" move.json --from dot.tgz --to back-dot
check "has the same files" diff -r plain back-dot
tar -cJf around.tar.xz plain
runs 0 "an archive with one folder around all" move.json --from around.tar.xz --to back-around
check "has the same files" diff -r plain back-around
(cd folder && python3 -m zipfile -c ../bare.zip one deep)
runs 0 "a zip without artifact.json, its kind given" move.json --from bare.zip --to back-bare
check "becomes an artifact" diff -r plain back-bare

runs 3 "another kind than wanted" move.json --from there.zip --to bad --set read.kind=model
says "names both" 'dataset' 'model'
runs 3 "no archive at all" move.json --from move.json --to bad
says "is named" 'move\.json'
mkdir blocked.zip
runs 3 "a folder in an archive's place" move.json --to blocked.zip
says "is named" 'blocked\.zip' 'folder of that name'

# --- Of enemies ---

python3 - <<'PY'
import io, tarfile, zipfile
def tar(name, *members):
    with tarfile.open(name, "w:gz") as t:
        for path, kind, link in members:
            info = tarfile.TarInfo(path)
            info.type, info.linkname = kind, link
            info.size = 5 if kind == tarfile.REGTYPE else 0
            t.addfile(info, io.BytesIO(b"evil\n") if info.size else None)
F, S, H, D = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE
tar("up.tar.gz", ("one", F, ""), ("../evil", F, ""))
tar("root.tar.gz", ("/tmp/weir-evil", F, ""))
tar("symbolic.tar.gz", ("a", S, "/tmp"), ("a/weir-evil", F, ""))
tar("hard.tar.gz", ("a", H, "/etc/passwd"))
tar("device.tar.gz", ("a", D, ""))
tar("twice.tar.gz", ("a", F, ""), ("./a", F, ""))
with zipfile.ZipFile("up.zip", "w") as z:
    z.writestr("../evil", "evil")
with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("zeros", bytes(8 << 20))
PY
for enemy in up.tar.gz root.tar.gz symbolic.tar.gz hard.tar.gz device.tar.gz twice.tar.gz up.zip; do
  runs 1 "$enemy" move.json --from $enemy --to bad
  says "is refused by name" "$enemy"
done
runs 1 "more than max-size" move.json --from bomb.zip --to bad --set read.max-size=1M
says "is refused" 'more than 1\.0 MiB'
absent "nothing was written" bad evil ../evil /tmp/weir-evil /tmp/evil
head -c 100 there.zip >cut.zip
head -c 100 there.tar.zst >cut.tar.zst
runs 3 "a zip cut short" move.json --from cut.zip --to bad
says "is named" 'cut\.zip": its data end too early: the file is truncated'
runs 3 "a tar.zst cut short" move.json --from cut.tar.zst --to bad
says "is named" 'cut\.tar\.zst": its data end too early: the file is truncated'
(cd folder && python3 -m zipfile -c ../none.zip one deep)
sed '/"kind"/s/, "kind": "dataset"//' move.json >any.json
runs 1 "an archive without artifact.json" any.json --from none.zip --to bad
says "is named" '/none\.zip" has no artifact\.json; give option "kind"'
cp there.tar.gz wrong.tar.gz
mkdir changed && tar -C changed -xf there.tar && echo ONE >changed/one && tar -C changed -czf wrong.tar.gz .
runs 1 "an archive with a file changed" move.json --from wrong.tar.gz --to bad
says "names the file" '"one" is not what artifact\.json says'
absent "nothing was written" bad
clean "no temporary file is left" "$work"

# --- Members of archives as files of records ---

cat >members.json <<'JSON'
{ "weir": 1, "name": "members", "parameters": { "from": { "type": "input-path" } },
  "stages": {
    "read": { "use": "file.read", "options": { "path": "${from}" } },
    "write": { "use": "file.write", "from": "read", "options": { "path": "out.csv" } } } }
JSON
python3 - <<'PY'
import io, os, tarfile, zipfile
parts = {f"data/part-{k}.csv": "id,text\n" + "".join(f"{k * 1000 + i},row {i} of {k}\n" for i in range(1000)) for k in range(5)}
os.makedirs("data")
for name, text in parts.items():
    open(name, "w").write(text)
with zipfile.ZipFile("parts.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("README", "about the data\n")
    z.writestr("__MACOSX/data/._part-0.csv", "junk")
    for name, text in parts.items():
        z.writestr(name, text)
for name, mode in (("parts.tar", "w"), ("parts.tar.gz", "w:gz"), ("parts.tgz", "w:gz"), ("parts.tar.xz", "w:xz")):
    with tarfile.open(name, mode) as t:
        t.add("data")
with zipfile.ZipFile("one.zip", "w") as z:
    z.writestr("Collection", "a line\nanother\n")
with zipfile.ZipFile("none.zip", "w") as z:
    z.writestr("LICENCE", "…"); z.writestr("notes", "…")
with zipfile.ZipFile("bad.zip", "w") as z:
    z.writestr("ok.jsonl", '{"a": 1}\n{"a": 2}\n{"a": \n')
with zipfile.ZipFile("inner.zip", "w") as z:
    z.writestr("x.csv.gz", b"\x1f\x8b")
PY
runs 0 "files in a folder" members.json --from "data/*.csv"
mv out.csv want.csv
for archive in parts.zip parts.tar parts.tar.gz parts.tgz parts.tar.xz; do
  runs 0 "tables in $archive" members.json --from $archive
  check "are the same records" cmp want.csv out.csv
done
runs 0 "chosen members" members.json --from parts.zip --set 'read.member=["*-3.csv", "data/part-1.csv"]'
check "are those alone" bash -c 'cat data/part-1.csv <(tail -n +2 data/part-3.csv) | cmp - out.csv'
runs 0 "the only member, whatever its name" members.json --from one.zip --set read.format=text
check "is read" grep -qx 'another' out.csv
runs 3 "no table among several" members.json --from none.zip
says "names what is there" '"LICENCE"' '"notes"' 'hint: set "member"'
runs 3 "a pattern without a match" members.json --from parts.zip --set 'read.member=*.jsonl'
says "says so" '"member" matches nothing' 'part-0\.csv'
runs 1 "a bad record in a member" members.json --from bad.zip
says "is named with member and line" 'bad\.zip/ok\.jsonl:3'
runs 3 "a compressed member" members.json --from inner.zip
says "is refused" 'x\.csv\.gz' 'compressed once more'
head -c 1000 parts.zip >short.zip
runs 3 "a zip cut short" members.json --from short.zip
python3 - <<'PY'
import zipfile
with zipfile.ZipFile("wrong.zip", "w") as z:
    z.writestr("x.csv", "id,text\n" + "".join(f"{i},row\n" for i in range(1000)))
data = bytearray(open("wrong.zip", "rb").read())
data[3000] ^= 1
open("wrong.zip", "wb").write(data)
PY
runs 3 "a zip that is damaged" members.json --from wrong.zip
says "is named on one line" 'wrong\.zip/x\.csv: the archive is damaged, behind the first .* of this member (.*); fetch'
head -c 3000 parts.tar.gz >short.tar.gz
runs 3 "a tar.gz cut short" members.json --from short.tar.gz
says "is named" 'short\.tar\.gz' 'truncated'
plan
