using System.CommandLine;
using QwenSharp.Agent.Permissions;
using QwenSharp.Cli.Options;

namespace QwenSharp.Cli.Code;

/// <summary>The options of <c>code</c>, with the spellings that users of other agents type.</summary>
internal sealed class CodeArguments
{
    private readonly Argument<string?> _prompt = new("PROMPT")
    {
        Description = "What to do. On a terminal the work goes on in a conversation; with -p it ends with the answer.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _print = new("--print", "-p", "--prompt")
    {
        Description = "Work on one prompt without a person, and print the answer. Without PROMPT it comes from standard input; text piped "
            + "in beside a PROMPT comes before it.",
        HelpName = "PROMPT",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _model = new("--model", "-m")
    {
        Description = "A model as 'run' takes it, or its name at --base-url. Without it, the best that is there.",
        HelpName = "MODEL",
    };
    private readonly Option<Uri?> _baseUrl = new("--base-url")
    {
        Description = "The address of an endpoint of OpenAI's protocol, with /v1 or without.",
        HelpName = "URL",
        CustomParser = result => Uri.TryCreate(result.Tokens[^1].Value, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            ? uri
            : Fault<Uri>(result, $"--base-url must begin with http:// or https://, not be '{result.Tokens[^1].Value}'."),
    };
    private readonly Option<string?> _keyVariable = new("--api-key-env")
    {
        Description = "The variable of the environment that holds the key for --base-url.",
        HelpName = "NAME",
    };
    private readonly Option<PermissionMode?> _mode = new("--permission-mode")
    {
        Description = "What runs without asking: nothing that changes (plan, and it does not ask either), reading (ask), edits in the "
            + "project (accept-edits), edits and commands in the project (auto). Where nobody can be asked, asking is denying.",
        HelpName = PermissionModes.Choices,
        CustomParser = result => PermissionModes.Parse(result.Tokens[^1].Value, out string problem)
            ?? Fault<PermissionMode?>(result, $"--permission-mode {problem}"),
    };
    private readonly Option<string[]> _allowed = Rules(
        "--allowed-tools", "--allowedTools", "Calls that run without asking: names of tools, or rules.");
    private readonly Option<string[]> _disallowed = Rules(
        "--disallowed-tools", "--disallowedTools", "Calls that never run. A tool that is named alone is not offered.");
    private readonly Option<string[]> _directories = new("--add-dir")
    {
        Description = "A directory beside the project that tools may work in; may be repeated.",
        HelpName = "FOLDER",
    };
    private readonly Option<int?> _turns = Values.Optional(
        "--max-turns", 1, int.MaxValue, "How often the model may answer for one prompt.");
    private readonly Option<int?> _thinking = Values.Optional(
        "--thinking-budget", 0, int.MaxValue, "Tokens that each answer may think.");
    private readonly Option<string?> _system = new("--system-prompt")
    {
        Description = "A system message in place of ours.",
        HelpName = "TEXT",
    };
    private readonly Option<string?> _append = new("--append-system-prompt")
    {
        Description = "Text behind the system message.",
        HelpName = "TEXT",
    };
    private readonly Option<string> _output = Values.Choice(
        "--output-format",
        "With -p: the answer, one JSON object at the end, or one a line for all that happens, in Claude Code's shapes.",
        "text",
        "json",
        "stream-json");
    private readonly Option<string> _input = Values.Choice(
        "--input-format", "With -p: standard input is one text, or prompts as JSON objects, one a line.", "text", "stream-json");
    private readonly Option<bool> _continue = new("--continue", "-c") { Description = "Go on with the project's last session." };
    private readonly Option<string?> _resume = new("--resume", "-r")
    {
        Description = "Go on with a session, by its name or the beginning of it.",
        HelpName = "ID",
    };
    private readonly Option<string?> _directory = new("--cwd")
    {
        Description = "The project's directory; without it, the one where the program runs.",
        HelpName = "FOLDER",
    };
    private readonly Option<bool> _trust = new("--trust")
    {
        Description = "Trust the project's settings from now on: its allow rules, hooks, variables, mode and model.",
    };
    private readonly Option<bool> _verbose = new("--verbose") { Description = "With -p and text: tell the calls on standard error." };
    private readonly ModelOptions _modelOptions = new();

    /// <summary>Adds them to the command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_prompt);
        Option[] options =
        [
            _print, _model, _baseUrl, _keyVariable, _mode, _allowed, _disallowed, _directories, _turns, _thinking, _system, _append,
            _output, _input, _continue, _resume, _directory, _trust, _verbose,
        ];
        foreach (Option option in options)
            command.Add(option);

        _modelOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            bool isHeadless = result.GetResult(_print) is { Implicit: false };
            if (result.GetValue(_continue) && result.GetValue(_resume) is not null)
                result.AddError("--continue and --resume exclude each other.");
            if (result.GetValue(_keyVariable) is not null && result.GetValue(_baseUrl) is null)
                result.AddError("--api-key-env is for --base-url: give both.");
            if (result.GetValue(_print) is not null && result.GetValue(_prompt) is { } second)
                result.AddError($"The prompt is given twice: with -p, and as '{second}'.");
            bool hasFormat = result.GetValue(_output) is not (null or "text") || result.GetValue(_input) is not (null or "text");
            if (!isHeadless && (hasFormat || result.GetValue(_verbose)))
                result.AddError("--output-format, --input-format and --verbose are for -p.");
            if (result.GetValue(_input) == "stream-json" && (result.GetValue(_print) ?? result.GetValue(_prompt)) is not null)
                result.AddError("--input-format stream-json takes the prompts from standard input: leave PROMPT out.");
        });
    }

    /// <summary>What was given.</summary>
    /// <exception cref="UsageException">The variable of --api-key-env is not set, or the directory of --cwd is not there.</exception>
    public CodeRequest Read(ParseResult parsed)
    {
        string directory = Path.GetFullPath(parsed.GetValue(_directory) ?? Environment.CurrentDirectory);
        if (!Directory.Exists(directory))
            throw new UsageException($"--cwd: there is no directory '{directory}'.");

        string? variable = parsed.GetValue(_keyVariable);
        string? key = variable is null ? null
            : Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value
            : throw new UsageException($"--api-key-env: the variable {variable} is not set.");
        return new CodeRequest
        {
            IsHeadless = parsed.GetResult(_print) is { Implicit: false },
            Prompt = parsed.GetValue(_print) ?? parsed.GetValue(_prompt),
            Model = parsed.GetValue(_model),
            BaseUrl = parsed.GetValue(_baseUrl),
            Key = key,
            Mode = parsed.GetValue(_mode),
            Allowed = RuleList.Split(parsed.GetValue(_allowed) ?? []),
            Disallowed = RuleList.Split(parsed.GetValue(_disallowed) ?? []),
            Directories = parsed.GetValue(_directories) ?? [],
            MaxTurns = parsed.GetValue(_turns),
            ThinkingBudget = parsed.GetValue(_thinking),
            SystemPrompt = parsed.GetValue(_system),
            AppendedSystemPrompt = parsed.GetValue(_append),
            OutputFormat = parsed.GetValue(_output)!,
            ReadsJson = parsed.GetValue(_input) == "stream-json",
            Continues = parsed.GetValue(_continue),
            Resumes = parsed.GetValue(_resume),
            Directory = directory,
            Trusts = parsed.GetValue(_trust),
            IsVerbose = parsed.GetValue(_verbose),
            Local = _modelOptions.Read(parsed),
        };
    }

    private static Option<string[]> Rules(string name, string alias, string description) => new(name, alias)
    {
        Description = description + " Several, with commas or spaces between, and the option may be repeated.",
        HelpName = "RULES",
        AllowMultipleArgumentsPerToken = true,
    };

    private static T? Fault<T>(System.CommandLine.Parsing.ArgumentResult result, string problem)
    {
        result.AddError(problem);
        return default;
    }
}
