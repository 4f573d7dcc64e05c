Register-ArgumentCompleter -Native -CommandName 'clawmend' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # Nothing found: PowerShell completes files.
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    clawmend complete "--word=$wordToComplete" -- $before 2>$null | ForEach-Object {
        $text, $about = $_ -split "`t", 2
        if (-not $about) { $about = $text }
        [System.Management.Automation.CompletionResult]::new($text, $text, 'ParameterValue', $about)
    }
}
