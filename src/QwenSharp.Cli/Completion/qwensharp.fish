# Completion of qwensharp for fish.  qwensharp completion fish > ~/.config/fish/completions/qwensharp.fish

function __qwensharp_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    for line in ($words[1] complete "--word=$typed" -- $words[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$typed"
        else
            printf '%s\n' $line
        end
    end
end

complete -c qwensharp -f -a '(__qwensharp_complete)'
