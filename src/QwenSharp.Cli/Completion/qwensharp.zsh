#compdef qwensharp
# Completion of qwensharp for zsh. In ~/.zshrc, after compinit:  source <(qwensharp completion zsh)

_qwensharp() {
    local line word files
    local -a found
    for line in "${(@f)$("${(Q)words[1]/#\~/$HOME}" complete "--word=${(Q)PREFIX}" -- "${(@Q)words[2,CURRENT-1]}" 2>/dev/null)}"; do
        case $line in
            :files) files=1 ;;
            # _describe takes 'word:meaning'; a ':' of the word itself is escaped.
            ?*)
                word=${line%%$'\t'*}
                found+=("${word//:/\\:}${${line#$word}/$'\t'/:}")
                ;;
        esac
    done
    (( $#found )) && _describe qwensharp found
    [[ -n $files ]] && _files
}

if [[ $funcstack[1] == _qwensharp ]]; then
    _qwensharp "$@"
else
    compdef _qwensharp qwensharp
fi
