function __clawmend_complete
    set -l before (commandline -opc)
    set -l word (commandline -ct)
    set -l found (command clawmend complete "--word=$word" -- $before[2..-1] 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path "$word"
    end
end

complete -c clawmend -k -f -a '(__clawmend_complete)'
