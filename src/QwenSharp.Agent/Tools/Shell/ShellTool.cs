using System.Globalization;
using System.Text;
using System.Text.Json;
using QwenSharp.Agent.Tools.Files;

namespace QwenSharp.Agent.Tools.Shell;

/// <summary>Runs a command in a shell, in the foreground or in the background.</summary>
/// <param name="name">What the tool is called; with the short name it takes a command alone, as minimal agents do.</param>
public sealed class ShellTool(string name = ShellTool.UsualName) : AgentTool
{
    /// <summary>The name in Qwen Code.</summary>
    public const string UsualName = "run_shell_command";

    /// <summary>The name where it is the only tool.</summary>
    public const string AloneName = "bash";

    private const int UsualTimeout = 120_000;
    private const int LongestTimeout = 600_000;

    private static readonly JsonElement Full = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "command": { "type": "string", "description": "Command for Bash" },
            "is_background": { "type": "boolean", "description": "Let it run on, such as a server; its output goes into a file" },
            "timeout": { "type": "number", "description": "Milliseconds, at most 600000" },
            "description": { "type": "string", "description": "What it does, in a few words, for the person" },
            "directory": { "type": "string", "description": "Where it starts" }
          },
          "required": ["command"]
        }
        """);

    private static readonly JsonElement CommandAlone = JsonElement.Parse("""
        {
          "type": "object",
          "properties": { "command": { "type": "string", "description": "Command for Bash" } },
          "required": ["command"]
        }
        """);

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override string Description => name == AloneName
        ? "Runs a command in a new shell in the project's directory, without a terminal. It is ended after two minutes."
        : "Runs a command in a new shell in the project's directory, without a terminal. It is ended after timeout (two minutes if not "
            + "given). Read, search and change files with the other tools.";

    /// <inheritdoc/>
    public override JsonElement Parameters => name == AloneName ? CommandAlone : Full;

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) => new(AccessKind.Execute)
    {
        Command = arguments.String("command"),
        Paths = [arguments.DirectoryPath("directory", context)],
    };

    /// <inheritdoc/>
    public override async Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        string command = arguments.String("command"), directory = arguments.DirectoryPath("directory", context);
        int timeout = arguments.OptionalInteger("timeout") ?? UsualTimeout;
        if (string.IsNullOrWhiteSpace(command))
            throw new ToolException("\"command\" is empty.");

        if (timeout is < 1 or > LongestTimeout)
        {
            throw new ToolException(
                $"\"timeout\" must be from 1 to {LongestTimeout} milliseconds; let what takes longer run with is_background.");
        }

        if (!Directory.Exists(directory))
            throw new ToolException($"There is no directory {context.Workspace.Shown(directory)} to start in.");

        if (InteractivePrograms.Hint(command) is { } hint)
            throw new ToolException(hint);

        ToolResult result = arguments.OptionalBoolean("is_background") == true
            ? InBackground(command, directory, context)
            : await InForegroundAsync(command, directory, TimeSpan.FromMilliseconds(timeout), context, cancellationToken)
                .ConfigureAwait(false);
        IReadOnlyList<string> ended = context.Background.TakeEnded();
        return ended.Count == 0 ? result : result with { Text = $"{result.Text}\n{string.Join('\n', ended)}" };
    }

    private static ToolResult InBackground(string command, string directory, ToolContext context)
    {
        BackgroundCommand started = context.Background.Start(
            context.LongOutputs.Directory, output => ShellProcess.Start(command, directory, context.Sandbox, output, context.Environment));
        return new ToolResult(
            $"It runs in the background as {started.Id}. Its output goes into {started.OutputPath}: read it with read_file. "
            + "End it with task_stop.");
    }

    private static async Task<ToolResult> InForegroundAsync(
        string command, string directory, TimeSpan timeout, ToolContext context, CancellationToken cancellationToken)
    {
        BoundedOutput output = new();
        await using ShellProcess process = ShellProcess.Start(command, directory, context.Sandbox, output.Add, context.Environment);
        using CancellationTokenSource late = new(timeout, context.Time);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        bool isLeft;
        try
        {
            isLeft = await process.WaitAsync(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            await process.EndAsync().ConfigureAwait(false);
            string seconds = timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
            return new ToolResult(
                $"{output}\n[It was ended after {seconds} seconds. Give a longer timeout, or is_background for what runs on.]")
            {
                IsError = true,
            };
        }

        StringBuilder told = new(output.ToString());
        if (told.Length == 0)
            told.Append("(no output)");

        if (process.ExitCode != 0)
            told.Append($"\n[exit code {process.ExitCode}]");

        if (isLeft)
            told.Append("\n[What it had left running was ended. Use is_background for what runs on.]");

        return new ToolResult(told.ToString()) { IsError = process.ExitCode != 0 };
    }
}
