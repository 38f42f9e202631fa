# Completes what comes after "go run ./harness" in the workbook's folder, for bash:
#
#     eval "$(go run ./harness completion bash)"
#
# Completion for the other words of go is unchanged.

__sseworkbook() {
    if [[ ${COMP_WORDS[1]} != run || ${COMP_WORDS[2]%/} != ./harness || $COMP_CWORD -lt 3 ]] ||
        ! grep -q '^module example.com/sseworkbook' go.mod 2>/dev/null; then
        __sseworkbook_others "$@"
        return
    fi
    local word=${COMP_WORDS[COMP_CWORD]} found
    COMPREPLY=()
    compopt +o nospace 2>/dev/null
    while IFS=$'\t' read -r found _; do
        [[ $found == "$word"* ]] && COMPREPLY+=("$found")
    done < <(go run ./harness completion words "${COMP_WORDS[@]:3:COMP_CWORD-3}" "=$word" 2>/dev/null)
}

# __sseworkbook_others completes as it was before.
__sseworkbook_others() {
    local how=$__sseworkbook_before
    case $how in
    *' -F '*)
        how=${how##* -F }
        "${how%% *}" "$@"
        ;;
    *' -C '*)
        how=${how##* -C }
        local IFS=$'\n'
        COMPREPLY=($(
            export COMP_LINE COMP_POINT COMP_KEY COMP_TYPE
            eval "${how% go}"' "$@"'
        ))
        ;;
    esac
}

# What completes go may not have been looked for yet.
if declare -F _comp_load >/dev/null; then
    _comp_load go
elif declare -F _completion_loader >/dev/null; then
    _completion_loader go
fi
[[ $(complete -p go 2>/dev/null) == *' __sseworkbook '* ]] || __sseworkbook_before=$(complete -p go 2>/dev/null)
if [[ -n $__sseworkbook_before ]]; then
    complete $(grep -o -e '-o [a-z]*' <<<"$__sseworkbook_before") -F __sseworkbook go
else
    complete -o bashdefault -o default -F __sseworkbook go
fi
