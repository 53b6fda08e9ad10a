# SPDX-License-Identifier: MIT
# Fills a manual page: a line @STAGES@ becomes the file `stages` (roff), a line @EXAMPLE@ the file `example` (code),
# and a line @FILE NAME@ that file of the folder `files` (code).
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
# Break a line of code so that it fits on a page of 80 columns: behind a comma if it can be, never inside a string.
# Commands are not broken: what a shell makes of it is another matter.
function fold(line,    indent, at, comma, i, inside) {
  match(line, /^ */)
  indent = sprintf("%" (RLENGTH > 12 ? 4 : RLENGTH + (line ~ /^ *\/\*/ ? 3 : 4)) "s", "")
  while (length(line) > 72) {
    at = comma = inside = 0
    for (i = 1; i <= 73; i++) {
      if (substr(line, i, 1) == "\"")
        inside = !inside
      if (substr(line, i, 1) == " " && !inside && i > 20) {
        at = i
        if (substr(line, i - 1, 1) ~ /[,{]/ || substr(line, i + 1, 1) == "{")
          comma = i
      }
    }
    if (!at)
      break
    at = comma ? comma : at
    print code(substr(line, 1, at - 1))
    line = indent substr(line, at + 1)
  }
  print code(line)
}
function insert(file, is_code,    line, status) {
  while ((status = (getline line < file)) > 0)
    if (!is_code)
      print line
    else if (line ~ /SPDX/)
      continue
    else if (file !~ /\.sh$/)
      fold(line)
    else if (length(line) <= 72)
      print code(line)
    else {
      print "page.awk: a command in " file " is too long for a page: " line > "/dev/stderr"
      exit 1
    }
  if (status < 0) {
    print "page.awk: cannot read " file > "/dev/stderr"
    exit 1
  }
}
$0 == "@STAGES@" { insert(stages, 0); next }
$0 == "@EXAMPLE@" { insert(example, 1); next }
/^@FILE [^ ]*@$/ { insert(files "/" substr($2, 1, length($2) - 1), 1); next }
{ print }
