#compdef clawmend

_clawmend() {
    local -a found
    found=(${(f)"$(command clawmend complete "--word=${(Q)words[CURRENT]}" -- "${(@Q)words[2,CURRENT-1]}" 2>/dev/null)"})
    if (( $#found )); then
        found=("${(@)found/$'\t'/:}")
        _describe -V -t values clawmend found
    else
        _files
    fi
}

if [ "$funcstack[1]" = "_clawmend" ]; then
    _clawmend "$@"
else
    compdef _clawmend clawmend
fi
