# Completion of qwensharp for bash. In ~/.bashrc:  source <(qwensharp completion bash)

_qwensharp() {
    local rest="${COMP_LINE:0:COMP_POINT}" gap word line files="" kept
    local -a words=() found=()

    # Bash also takes words apart at ':' and '='. What no space separates belongs together.
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        gap="${rest%%[![:space:]]*}"
        rest="${rest#"$gap"}"
        word="${word:0:${#rest}}"
        rest="${rest#"$word"}"
        if [[ -z $gap && ${#words[@]} -gt 0 ]]; then
            words[${#words[@]}-1]+="$word"
        else
            words+=("$word")
        fi
    done

    local typed="${words[${#words[@]}-1]}" program="${words[0]/#\~/$HOME}"
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            files=1
        else
            found+=("${line%%$'\t'*}")
        fi
    done < <("$program" complete "--word=$typed" -- "${words[@]:1:${#words[@]}-2}" 2>/dev/null)

    # Bash puts a candidate in place of the last piece alone.
    [[ $word == [:=]* ]] && word=""
    kept="${typed%"$word"}"
    COMPREPLY=()
    for line in "${found[@]}"; do
        COMPREPLY+=("${line#"$kept"}")
    done
    if [[ -n $files ]]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do
            COMPREPLY+=("$line")
        done < <(compgen -f -- "$word")
    fi
}

complete -F _qwensharp qwensharp
