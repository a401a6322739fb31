using System.CommandLine;
using QwenSharp.Agent.Settings;
using QwenSharp.Cli.Code;
using QwenSharp.Cli.Code.Faces;
using QwenSharp.Cli.Code.Models;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp code</c>: a coding agent in the project's directory, in a conversation or for one prompt.</summary>
internal static class CodeCommand
{
    private const string Examples = """
        qwensharp code                                                    # talk with an agent about the project in this directory
        qwensharp code -p "Why does the test fail?"                       # one prompt, without a person: it reads, and changes nothing
        qwensharp code -p "Rename Limit to Most" --permission-mode auto   # edits and runs commands inside the project
        qwensharp code -p "Add a test" --base-url http://127.0.0.1:8000/v1 --model qwen3-coder --permission-mode accept-edits
        git diff | qwensharp code -p "Review this." --output-format json
        qwensharp code --continue                                               # the last session goes on
        """;

    public static Command Create(Terminal terminal)
    {
        CodeArguments arguments = new();
        DocumentedCommand command = new("code", "A coding agent that works in this directory.", Examples);
        arguments.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            CodeRequest request = arguments.Read(parsed);
            UsersPlaces places = UsersPlaces.Own();
            AgentSettings settings = SettingsOf(terminal, request, places);
            return request.IsHeadless
                ? await HeadlessAsync(terminal, request, settings, places, stop).ConfigureAwait(false)
                : await InteractiveAsync(terminal, request, settings, places, stop).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> HeadlessAsync(
        Terminal terminal, CodeRequest request, AgentSettings settings, UsersPlaces places, CancellationToken stop)
    {
        IAsyncEnumerable<string> prompts = request.ReadsJson
            ? StreamJsonInput.ReadAsync(terminal, stop)
            : Once(await PipedPrompt.ReadAsync(terminal, request.Prompt, stop).ConfigureAwait(false));
        OpenedAgent opened = await OpenAsync(terminal, request, settings, places, person: null, stop).ConfigureAwait(false);
        await using (opened.ConfigureAwait(false))
        {
            ClaudeEvents events = new(opened.Facts);
            HeadlessFace face = request.OutputFormat switch
            {
                "json" => new JsonFace(terminal, events),
                "stream-json" => new StreamJsonFace(terminal, events),
                _ => new TextFace(terminal, request.IsVerbose),
            };
            return await new HeadlessRun(opened, face).RunAsync(prompts, stop).ConfigureAwait(false);
        }
    }

    private static async Task<int> InteractiveAsync(
        Terminal terminal, CodeRequest request, AgentSettings settings, UsersPlaces places, CancellationToken stop)
    {
        if (!terminal.InputIsTerminal || !terminal.OutputIsTerminal)
            throw new UsageException("There is no terminal to talk in: give -p PROMPT, or pipe the prompt into 'qwensharp code -p'.");

        Person person = new(terminal);
        OpenedAgent opened = await OpenAsync(terminal, request, settings, places, person, stop).ConfigureAwait(false);
        await using (opened.ConfigureAwait(false))
        {
            await new InteractiveCode(opened, terminal).RunAsync(request.Prompt).ConfigureAwait(false);
            return ExitCode.Ok;
        }
    }

    private static async Task<OpenedAgent> OpenAsync(
        Terminal terminal, CodeRequest request, AgentSettings settings, UsersPlaces places, Person? person, CancellationToken stop)
    {
        ModelChoice choice = new(request.Model ?? settings.Model, request.BaseUrl, request.Key, request.Local);
        CodeModel model = await choice.OpenAsync(terminal, stop).ConfigureAwait(false);
        try
        {
            return await OpenedAgent.OpenAsync(request, settings, places, model, person, stop).ConfigureAwait(false);
        }
        catch
        {
            await model.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static AgentSettings SettingsOf(Terminal terminal, CodeRequest request, UsersPlaces places)
    {
        TrustedProjects trusted = new(places.Trusted);
        if (request.Trusts)
            trusted.Add(request.Directory);

        SettingsLayers layers = new(places.Home, request.Directory);
        (AgentSettings settings, bool leftOut) = layers.Read(trusted.Contains(request.Directory));
        if (!leftOut)
            return settings;

        if (!request.IsHeadless && terminal.InputIsTerminal && terminal.OutputIsTerminal && Trust.Asks(terminal, layers))
        {
            trusted.Add(request.Directory);
            return layers.Read(isTrusted: true).Settings;
        }

        terminal.Error.WriteLine(terminal.Dim(terminal.Wrapped(
            "This project's settings are not trusted: only what they ask for and deny holds. With --trust all of them do.")));
        return settings;
    }

    private static async IAsyncEnumerable<string> Once(string prompt)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        yield return prompt;
    }
}
