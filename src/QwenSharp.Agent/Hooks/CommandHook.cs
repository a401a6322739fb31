using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Hooks;

/// <summary>The moments at which a command is run.</summary>
public enum HookEvent
{
    /// <summary>Before a tool runs.</summary>
    PreToolUse,

    /// <summary>After a tool ran.</summary>
    PostToolUse,

    /// <summary>Before a prompt goes to the model.</summary>
    UserPromptSubmit,

    /// <summary>Before the work on a prompt ends.</summary>
    Stop,
}

/// <summary>What a command of the settings is told beside the moment itself.</summary>
/// <param name="SessionId">The session.</param>
/// <param name="TranscriptPath">Where the conversation is kept; empty for nowhere.</param>
/// <param name="Directory">Where the command runs: the project's directory.</param>
public sealed record HookPlace(string SessionId, string TranscriptPath, string Directory);

/// <summary>
/// A command of the settings that is run at a moment, in Claude Code's form: it reads the moment as JSON on its standard input. Exit code 0
/// lets things go on, and JSON on its standard output may say more; exit code 2 denies, and standard error says why; any other is a failure
/// of the hook that holds nothing up.
/// </summary>
/// <param name="moment">When it runs.</param>
/// <param name="matcher">Which tools it runs for, a regular expression of a whole name; null or empty for all.</param>
/// <param name="command">What the shell runs.</param>
/// <param name="timeout">How long it may take.</param>
/// <param name="place">Where.</param>
public sealed class CommandHook(HookEvent moment, string? matcher, string command, TimeSpan timeout, HookPlace place) : AgentHook
{
    private const int Denied = 2;

    private readonly Regex? _matcher = string.IsNullOrEmpty(matcher) || matcher == "*" ? null : new Regex($"^(?:{matcher})$");

    /// <inheritdoc/>
    public override Task<HookVerdict> PromptAsync(string prompt, CancellationToken cancellationToken) =>
        moment != HookEvent.UserPromptSubmit
            ? Task.FromResult(HookVerdict.None)
            : RunAsync(new JsonObject { ["prompt"] = prompt }, cancellationToken);

    /// <inheritdoc/>
    public override Task<HookVerdict> BeforeToolAsync(string tool, JsonElement arguments, CancellationToken cancellationToken) =>
        moment != HookEvent.PreToolUse || _matcher?.IsMatch(tool) is false
            ? Task.FromResult(HookVerdict.None)
            : RunAsync(Call(tool, arguments), cancellationToken);

    /// <inheritdoc/>
    public override Task<HookVerdict> AfterToolAsync(
        string tool, JsonElement arguments, ToolResult result, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (moment != HookEvent.PostToolUse || _matcher?.IsMatch(tool) is false)
            return Task.FromResult(HookVerdict.None);

        JsonObject told = Call(tool, arguments);
        told["tool_response"] = new JsonObject { ["content"] = result.Text, ["is_error"] = result.IsError };
        return RunAsync(told, cancellationToken);
    }

    /// <inheritdoc/>
    public override Task<HookVerdict> StopAsync(bool isAgain, CancellationToken cancellationToken) => moment != HookEvent.Stop
        ? Task.FromResult(HookVerdict.None)
        : RunAsync(new JsonObject { ["stop_hook_active"] = isAgain }, cancellationToken);

    private static JsonObject Call(string tool, JsonElement arguments) =>
        new() { ["tool_name"] = tool, ["tool_input"] = JsonObject.Create(arguments) };

    private async Task<HookVerdict> RunAsync(JsonObject told, CancellationToken cancellationToken)
    {
        told["hook_event_name"] = moment.ToString();
        told["session_id"] = place.SessionId;
        told["transcript_path"] = place.TranscriptPath;
        told["cwd"] = place.Directory;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(timeout);
        using Process process = Process.Start(Start())!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(patience.Token);
            await WriteAsync(process.StandardInput, told.ToJsonString()).ConfigureAwait(false);
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            return process.ExitCode switch
            {
                0 => Read(await output.ConfigureAwait(false)),
                Denied => HookVerdict.Deny(Why(await error.ConfigureAwait(false))),
                _ => HookVerdict.None,
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // What guards an action must not be got around by being slow; what follows one holds nothing up.
            return moment is HookEvent.PreToolUse or HookEvent.UserPromptSubmit
                ? HookVerdict.Deny($"The hook '{command}' took longer than {timeout.TotalSeconds:0} s.")
                : HookVerdict.None;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private string Why(string said) => string.IsNullOrWhiteSpace(said) ? $"The hook '{command}' decided so." : said.Trim();

    private ProcessStartInfo Start()
    {
        (string shell, string flag) = OperatingSystem.IsWindows() ? ("cmd.exe", "/c") : ("/bin/sh", "-c");
        return new ProcessStartInfo(shell, [flag, command])
        {
            WorkingDirectory = place.Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            Environment = { ["QWENSHARP_PROJECT_DIR"] = place.Directory, ["CLAUDE_PROJECT_DIR"] = place.Directory },
        };
    }

    private static async Task WriteAsync(StreamWriter input, string text)
    {
        try
        {
            await input.WriteAsync(text).ConfigureAwait(false);
            input.Close();
        }
        catch (IOException)
        {
            // A hook need not read what it is told.
        }
    }

    private HookVerdict Read(string output)
    {
        if (Object(output) is not { } said)
        {
            // Plain text of these is meant for the model.
            return moment == HookEvent.UserPromptSubmit && !string.IsNullOrWhiteSpace(output)
                ? new HookVerdict { AddedContext = output.Trim() }
                : HookVerdict.None;
        }

        JsonObject? special = said["hookSpecificOutput"] as JsonObject;
        (Verdict? verdict, string? reason) = Text(special, "permissionDecision") switch
        {
            "allow" => (Verdict.Allow, Text(special, "permissionDecisionReason")),
            "ask" => (Verdict.Ask, Text(special, "permissionDecisionReason")),
            "deny" => (Verdict.Deny, Text(special, "permissionDecisionReason")),
            _ => Text(said, "decision") switch
            {
                "block" => (Verdict.Deny, Text(said, "reason")),
                "approve" => ((Verdict?)Verdict.Allow, Text(said, "reason")),
                _ => (null, null),
            },
        };
        if (said["continue"] is JsonValue goesOn && goesOn.TryGetValue(out bool goes) && !goes)
            (verdict, reason) = (Verdict.Deny, Text(said, "stopReason"));

        return new HookVerdict
        {
            Verdict = verdict,
            Reason = verdict is null ? null : Why(reason ?? ""),
            Arguments = special?["updatedInput"] is JsonObject input ? JsonElement.Parse(input.ToJsonString()) : null,
            AddedContext = Text(special, "additionalContext"),
        };
    }

    private static JsonObject? Object(string output)
    {
        try
        {
            return output.TrimStart().StartsWith('{') ? JsonNode.Parse(output) as JsonObject : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonObject? from, string name) =>
        from?[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
