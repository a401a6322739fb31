using System.CommandLine;
using System.CommandLine.Completions;

namespace QwenSharp.Cli.Completion;

/// <summary>What may stand in a place of a command line.</summary>
/// <param name="Words">The words that go on from what was typed, each with what it means.</param>
/// <param name="Files">Whether names of files may stand there too; the shell knows those best.</param>
internal sealed record Candidates(IReadOnlyList<(string Word, string Meaning)> Words, bool Files)
{
    /// <summary>Reads the tree of commands.</summary>
    /// <param name="root">The program.</param>
    /// <param name="before">The words behind the program's name and before the cursor, whole ones.</param>
    /// <param name="typed">The word at the cursor, as far as it is typed; may be empty.</param>
    public static Candidates For(Command root, IReadOnlyList<string> before, string typed)
    {
        Place place = new(root);
        foreach (string word in before)
            place.Pass(word);

        return place.Open(typed);
    }

    /// <summary>Where a command line stands after some of its words.</summary>
    private sealed class Place(Command root)
    {
        private readonly HashSet<Option> _given = [];
        private readonly List<Option> _inherited = [];
        private Command _command = root;
        private Option? _wanting;
        private int _arguments;
        private bool _optionsEnded;

        private IEnumerable<Option> Options => _command.Options.Concat(_inherited).Where(option => !option.Hidden);

        public void Pass(string word)
        {
            if (_wanting is not null)
            {
                _wanting = null;
            }
            else if (!_optionsEnded && word == "--")
            {
                _optionsEnded = true;
            }
            else if (!_optionsEnded && word.StartsWith('-') && Find(NameOf(word)) is { } option)
            {
                _given.Add(option);
                _wanting = TakesValue(option) && !word.Contains('=', StringComparison.Ordinal) ? option : null;
            }
            else if (_arguments == 0 && _command.Subcommands.FirstOrDefault(sub => sub.Name == word) is { } sub)
            {
                _inherited.AddRange(_command.Options.Where(option => option.Recursive));
                _command = sub;
                _given.Clear();
            }
            else
            {
                _arguments++;
            }
        }

        public Candidates Open(string typed)
        {
            if (_wanting is not null)
                return Values(_wanting, typed, "");
            if (!_optionsEnded && typed.StartsWith('-'))
            {
                return typed.IndexOf('=', StringComparison.Ordinal) is > 0 and var sign && Find(typed[..sign]) is { } option
                    ? Values(option, typed[(sign + 1)..], typed[..(sign + 1)])
                    : new Candidates(OptionNames(typed), Files: false);
            }

            if (_arguments == 0 && _command.Subcommands.Count > 0)
            {
                return new Candidates(
                    [.. _command.Subcommands.Where(sub => !sub.Hidden && Goes(sub.Name, typed)).Select(sub => (sub.Name, Meaning(sub)))],
                    Files: false);
            }

            return Argument() is { } argument
                ? Values(argument, typed, "")
                : new Candidates(typed == "" && !_optionsEnded ? OptionNames("--") : [], Files: false);
        }

        /// <summary>The argument whose turn it is; the last one may take many.</summary>
        private Argument? Argument() =>
            _arguments < _command.Arguments.Count ? _command.Arguments[_arguments]
            : _command.Arguments is [.., { Arity.MaximumNumberOfValues: > 1 } last] ? last
            : null;

        private List<(string, string)> OptionNames(string typed) =>
        [
            .. Options
                .Where(option => Goes(option.Name, typed) && (!_given.Contains(option) || option.Arity.MaximumNumberOfValues > 1))
                .Select(option => (option.Name, Meaning(option))),
        ];

        private Option? Find(string name) => Options.FirstOrDefault(option => option.Name == name || option.Aliases.Contains(name));

        private static string NameOf(string word) =>
            word.IndexOf('=', StringComparison.Ordinal) is > 0 and var sign ? word[..sign] : word;

        private static bool TakesValue(Option option) => option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool);
    }

    private static Candidates Values(Symbol symbol, string typed, string lead)
    {
        string placeholder = (symbol as Option)?.HelpName ?? symbol.Name;
        string[] own = [.. symbol.GetCompletions(CompletionContext.Empty).Select(item => item.InsertText ?? item.Label)];
        return new Candidates(
            [.. own.Concat(Placeholders.Words(placeholder)).Distinct().Where(word => Goes(word, typed)).Select(word => (lead + word, ""))],
            own.Length == 0 && Placeholders.AreFiles(placeholder));
    }

    private static bool Goes(string word, string typed) => word.StartsWith(typed, StringComparison.Ordinal);

    /// <summary>The first sentence of a description: lists of candidates have one line for each.</summary>
    private static string Meaning(Symbol symbol)
    {
        string text = symbol.Description ?? "";
        int end = text.IndexOf(". ", StringComparison.Ordinal);
        return (end > 0 ? text[..end] : text).TrimEnd('.');
    }
}
