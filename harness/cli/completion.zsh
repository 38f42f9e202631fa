# Completes what comes after "go run ./harness" in the workbook's folder, for zsh:
#
#     eval "$(go run ./harness completion zsh)"
#
# Completion for the other words of go is unchanged.

__sseworkbook() {
    if (( CURRENT < 4 )) || [[ $words[2] != run || ${words[3]%/} != ./harness ]] ||
        ! grep -q '^module example.com/sseworkbook' go.mod 2>/dev/null; then
        $__sseworkbook_before "$@"
        return
    fi
    local line
    local -a found
    for line in "${(@f)$(go run ./harness completion words "${(@Q)words[4,CURRENT-1]}" "=${(Q)PREFIX}" 2>/dev/null)}"; do
        [[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    _describe 'the workbook' found
}

(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
[[ $_comps[go] == __sseworkbook ]] || typeset -g __sseworkbook_before=${_comps[go]:-_default}
compdef __sseworkbook go
