# Completes what comes after "go run ./harness" in the workbook's folder, for fish:
#
#     go run ./harness completion fish | source
#
# Completion for the other words of go is unchanged.

function __sseworkbook_here
    set -l words (commandline -opc)
    test (count $words) -ge 3
    and test $words[2] = run
    and string match -qr '^\./harness/?$' -- $words[3]
    and grep -q '^module example.com/sseworkbook' go.mod 2>/dev/null
end

function __sseworkbook_words
    set -l words (commandline -opc)
    set -e words[1..3]
    set -l word (commandline -ct)
    go run ./harness completion words $words "=$word" 2>/dev/null
end

complete -c go -n __sseworkbook_here -f -a '(__sseworkbook_words)'
