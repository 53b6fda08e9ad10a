# SPDX-License-Identifier: MIT
# Completion of pipeline-run and pipeline-inspect for fish: the programs themselves know what can come next.
function __weir_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (command $words[1] --complete $words[2..-1] 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (commandline -ct)
            case :folders
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c pipeline-run -f -a '(__weir_complete)'
