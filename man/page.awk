# SPDX-License-Identifier: MIT
# Fills a manual page: a line @STAGES@ becomes the file `stages` (roff), a line @EXAMPLE@ the file `example` (code).
function code(line) {
  gsub(/\\/, "\\e", line)
  gsub(/-/, "\\-", line)
  gsub(/'/, "\\(aq", line)
  gsub(/"/, "\\(dq", line)
  gsub(/\^/, "\\(ha", line)
  gsub(/~/, "\\(ti", line)
  gsub(/`/, "\\(ga", line)
  return line ~ /^\./ ? "\\&" line : line
}
function insert(file, is_code,    line, status) {
  while ((status = (getline line < file)) > 0)
    if (!(is_code && line ~ /SPDX/))
      print is_code ? code(line) : line
  if (status < 0) {
    print "page.awk: cannot read " file > "/dev/stderr"
    exit 1
  }
}
$0 == "@STAGES@" { insert(stages, 0); next }
$0 == "@EXAMPLE@" { insert(example, 1); next }
{ print }
