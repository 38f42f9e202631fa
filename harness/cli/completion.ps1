# Completes what comes after "go run ./harness" in the workbook's folder, for PowerShell:
#
#     go run ./harness completion powershell | Out-String | Invoke-Expression
#
# PowerShell keeps one such block for a command, so another one for go is replaced.

Register-ArgumentCompleter -Native -CommandName go -ScriptBlock {
    param($word, $line, $position)
    $words = @($line.CommandElements | ForEach-Object { $_.ToString() })
    if ($words.Count -lt 3 -or $words[1] -ne 'run' -or $words[2] -notmatch '^\.[/\\]harness[/\\]?$') { return }
    if (-not (Select-String -Quiet -Path go.mod -Pattern '^module example.com/sseworkbook' -ErrorAction SilentlyContinue)) { return }
    $before = @($words | Select-Object -Skip 3)
    if ($word -ne '' -and $before.Count -gt 0) { $before = @($before | Select-Object -SkipLast 1) }
    go run ./harness completion words @before "=$word" 2>$null | ForEach-Object {
        $found, $about = $_ -split "`t", 2
        if ($found -like "$word*") {
            if (-not $about) { $about = $found }
            [System.Management.Automation.CompletionResult]::new($found, $found, 'ParameterValue', $about)
        }
    }
}
