_clawmend() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("${line%%$'\t'*}")
    done < <(command clawmend complete "--word=${COMP_WORDS[COMP_CWORD]}" -- "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
}

# Nothing found: bash completes files.
complete -o nosort -o default -F _clawmend clawmend 2>/dev/null || complete -o default -F _clawmend clawmend
