# SPDX-License-Identifier: MIT
# Completion of pipeline-inspect for fish: stands with that of pipeline-run.
functions -q __weir_complete; or source (status dirname)/pipeline-run.fish
complete -c pipeline-inspect -f -a '(__weir_complete)'
