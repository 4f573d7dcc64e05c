use str

set edit:completion:arg-completer[clawmend] = {|@words|
    var found = []
    try {
        set found = [(e:clawmend complete '--word='$words[-1] -- (all $words[1..-1]) 2>/dev/null | from-lines)]
    } catch {
        nop
    }
    if (eq $found []) {
        edit:complete-filename $@words
    } else {
        for line $found {
            var text @more = (str:split "\t" $line)
            edit:complex-candidate $text &display=(str:join '  ' [$text $@more])
        }
    }
}
