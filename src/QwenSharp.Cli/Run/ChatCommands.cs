using Microsoft.Extensions.AI;
using QwenSharp.Cli.Completion;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Run;

/// <summary>The commands of a conversation: lines that begin with '/'.</summary>
internal sealed class ChatCommands
{
    private const string Thinking = "think", SystemMessage = "system", Statistics = "stats", Default = "default";

    private readonly ChatSession _session;
    private readonly Terminal _terminal;
    private readonly Command[] _all;

    public ChatCommands(ChatSession session, Terminal terminal)
    {
        (_session, _terminal) = (session, terminal);
        _all =
        [
            new("/set", "[NAME VALUE]", "shows the settings, or sets one: temperature, top_p, seed, think, system, …", Set),
            new("/show", "[template]", "shows the model, the context in use and the settings, or the chat template", Show),
            new("/model", "[NAME]", "goes on with another model; alone, lists those on this machine", SwitchAsync),
            new("/regen", "", "answers the last message again", RegenerateAsync),
            new("/undo", "", "takes the last message and its answer back", Undo),
            new("/clear", "", "begins a new conversation", Clear),
            new("/system", "[TEXT]", "sets the system message and begins anew; without TEXT, removes it", BeginWithSystem),
            new("/think", "on|off", "lets the model reason before it answers, or not", Think),
            new("/stats", "", "shows how long the last answer took", ShowLast),
            new("/save", "FILE", "writes the conversation as JSON", Save),
            new("/load", "FILE", "goes on with a saved conversation", Load),
            new("/help", "", "shows this", Help) { Alias = "/?" },
            new("/exit", "", "ends (as Ctrl-D does)", _ => { }) { Alias = "/bye", Ends = true },
            new("/quit", "", "", _ => { }) { Ends = true },
        ];
    }

    /// <summary>Whether a message is a command: one line, and its first word no path.</summary>
    public static bool IsCommand(string text) =>
        text.StartsWith('/')
        && !text.Contains('\n', StringComparison.Ordinal)
        && !text.Split(' ')[0][1..].Contains('/', StringComparison.Ordinal);

    /// <summary>Does what a line asks for.</summary>
    /// <returns>False when the user leaves.</returns>
    public async Task<bool> ObeyAsync(string line)
    {
        string[] parts = line.Split(' ', 2, StringSplitOptions.TrimEntries);
        string argument = parts.Length > 1 ? parts[1] : "";
        if (Array.Find(_all, command => command.Name == parts[0] || command.Alias == parts[0]) is not { } command)
        {
            _session.Say(
                $"There is no command {parts[0]}.{Spelling.Hint(parts[0], _all.Select(known => known.Name))} /help lists them; begin a "
                    + "message that starts with '/' with \"\"\".");
        }
        else if (command.Argument.Length == 0 && argument.Length > 0)
        {
            _session.Say($"{parts[0]} stands alone: nothing goes behind it.");
        }
        else if (command.Argument.Length > 0 && command.Argument[0] != '[' && argument.Length == 0)
        {
            _session.Say($"{parts[0]} needs {command.Needs}.");
        }
        else
        {
            try
            {
                await command.Run(argument).ConfigureAwait(false);
            }
            catch (UsageException wrong)
            {
                _session.Say(wrong.Message);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                _terminal.Fail(CommandTree.Said(failure));
            }

            return !command.Ends;
        }

        return true;
    }

    private void Help(string argument)
    {
        int width = _all.Max(command => $"{command.Name} {command.Argument}".Length);
        foreach (Command command in _all.Where(command => command.Help.Length > 0))
            _session.Say($"{($"{command.Name} {command.Argument}").PadRight(width)}  {command.Help}");

        _session.Say(""""
            """ begins a message of several lines and """ ends it; Alt-Enter begins a new line, and pasted lines are one message.
            Ctrl-C ends an answer, at an empty prompt the program. Up and Ctrl-R find what was typed before.
            """");
    }

    private void Set(string argument)
    {
        if (argument.Length == 0)
        {
            foreach (string name in (string[])[.. _session.Settings.Names, Thinking, Statistics, SystemMessage])
                _session.Say($"{name,-20}{Describe(name)}");

            _session.Say($"/set NAME VALUE changes one; the value '{Default}' leaves it to the model again.");
            return;
        }

        string[] parts = argument.Split([' ', '='], 2, StringSplitOptions.TrimEntries);
        string setting = parts[0].Replace('-', '_').ToLowerInvariant();
        string? value = parts is [_, { Length: > 0 } given] ? given : null;
        IEnumerable<string> known = _session.Settings.Names.Concat([Thinking, Statistics, SystemMessage]);
        if (!known.Contains(setting))
        {
            throw new UsageException(
                $"There is no setting '{parts[0]}'.{Spelling.Hint(setting, known)} There are {string.Join(", ", known)}.");
        }

        if (value is not null)
            Change(setting, value);

        _session.Say($"{setting}: {Describe(setting)}");
    }

    private void Change(string setting, string value)
    {
        bool asDefault = value.Equals(Default, StringComparison.OrdinalIgnoreCase);
        switch (setting)
        {
            case Thinking:
                RequireSwitch("/set think");
                _session.Settings.Think(asDefault ? null : IsOn(setting, value, " or default"));
                break;
            case Statistics:
                _session.ShowStatistics = !asDefault && IsOn(setting, value);
                break;
            case SystemMessage:
                _session.System = asDefault ? null : value;
                break;
            default:
                _session.Settings.Set(setting, asDefault ? null : value);
                break;
        }
    }

    private string Describe(string setting) => setting switch
    {
        Thinking => !_session.Model.HasThinkingSwitch ? "the model's template has no switch for it"
            : _session.Settings.Thinks is { } thinks ? OnOff(thinks)
            : "the model's own",
        Statistics => OnOff(_session.ShowStatistics),
        SystemMessage => _session.System ?? "none",
        _ => _session.Settings.Describe(setting, _session.Model.Recommended),
    };

    private void Show(string argument)
    {
        if (argument == "template")
        {
            _session.Say(_session.Model.Template);
            return;
        }

        if (argument.Length > 0)
            throw new UsageException($"/show takes 'template' or nothing, not '{argument}'.");

        foreach ((string name, string value) in _session.Model.Facts)
            _session.Say($"{name,-20}{value}");

        int tokens = _session.Messages.Count == 0 ? 0 : _session.Model.CountTokens(_session.Messages, _session.Settings.Options);
        int turns = _session.Messages.Count(message => message.Role == ChatRole.User);
        _session.Say($"{"conversation",-20}{turns} {(turns == 1 ? "turn" : "turns")}; {_session.Meter(tokens)}");
        Set("");
    }

    private async Task SwitchAsync(string name)
    {
        if (name.Length == 0)
        {
            foreach (string here in Placeholders.Models())
                _session.Say(here == _session.Model.Name ? $"{here}  (answers now)" : here);

            return;
        }

        if (_session.Open is null)
            throw new UsageException("/model cannot change the model of this conversation.");

        await _session.SwitchAsync(name).ConfigureAwait(false);
        if (!_session.Model.HasThinkingSwitch && _session.Settings.Thinks is not null)
        {
            _session.Settings.Think(null);
            _session.Say("Its template has no switch for reasoning; 'think' is left to it.");
        }

        _session.Say($"{_session.Model.Name} answers from here on, with a context of {_session.Model.ContextLength} tokens.");
    }

    private async Task RegenerateAsync(string argument)
    {
        int question = _session.Messages.FindLastIndex(message => message.Role == ChatRole.User);
        if (question < 0)
            throw new UsageException("There is nothing to answer again yet.");

        ChatMessage[] before = [.. _session.Messages];
        _session.Messages.RemoveRange(question + 1, _session.Messages.Count - question - 1);
        await _session.AnswerAsync(before).ConfigureAwait(false);
    }

    private void Undo(string argument)
    {
        int question = _session.Messages.FindLastIndex(message => message.Role == ChatRole.User);
        if (question < 0)
            throw new UsageException("There is nothing to take back.");

        string text = _session.Messages[question].Text.ReplaceLineEndings(" ");
        _session.Messages.RemoveRange(question, _session.Messages.Count - question);
        _session.Say($"Taken back: {(Cells.Cut(text, 60) is var cut && cut.Length < text.Length ? $"{cut}…" : text)}");
    }

    private void Clear(string argument)
    {
        _session.Begin(_session.System);
        _session.Say("A new conversation.");
    }

    private void BeginWithSystem(string text)
    {
        _session.Begin(text);
        _session.Say(text.Length > 0 ? "System message set; a new conversation." : "System message removed; a new conversation.");
    }

    private void Think(string argument)
    {
        RequireSwitch("/think");
        _session.Settings.Think(IsOn("/think", argument));
        _session.Say($"Thinking is {argument}.");
    }

    private void ShowLast(string argument) => _session.Say(_session.Last?.Statistics.ToString() ?? "No answer yet.");

    private void Save(string file)
    {
        Transcript.Save(file, _session.Messages);
        _session.Say($"Saved {_session.Messages.Count} messages to {file}.");
    }

    private void Load(string file)
    {
        List<ChatMessage> loaded = Transcript.Load(file);
        _session.Begin(null);
        _session.Messages.AddRange(loaded);
        _session.Say($"Loaded {loaded.Count} messages.");
    }

    private void RequireSwitch(string command)
    {
        if (!_session.Model.HasThinkingSwitch)
            throw new UsageException($"{command} changes nothing: the model's template has no switch for reasoning.");
    }

    private static bool IsOn(string name, string value, string otherwise = "") => value.ToLowerInvariant() switch
    {
        "on" or "true" => true,
        "off" or "false" => false,
        _ => throw new UsageException($"{name} needs 'on' or 'off'{otherwise}, not '{value}'."),
    };

    private static string OnOff(bool on) => on ? "on" : "off";

    private sealed record Command(string Name, string Argument, string Help, Func<string, Task> Run)
    {
        public Command(string name, string argument, string help, Action<string> run)
            : this(name, argument, help, given =>
            {
                run(given);
                return Task.CompletedTask;
            })
        {
        }

        /// <summary>Another name.</summary>
        public string? Alias { get; init; }

        /// <summary>Whether it is the last one.</summary>
        public bool Ends { get; init; }

        /// <summary>The argument in a sentence.</summary>
        public string Needs => Argument switch { "FILE" => "a file name", "on|off" => "'on' or 'off'", _ => Argument };
    }
}
