using QwenSharp.Agent;
using QwenSharp.Agent.Hooks;
using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Prompts;
using QwenSharp.Agent.Sessions;
using QwenSharp.Agent.Settings;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Workspaces;
using QwenSharp.Cli.Code.Faces;
using QwenSharp.Cli.Code.Models;

namespace QwenSharp.Cli.Code;

/// <summary>An agent put together from the command line, the settings and the model, ready for prompts.</summary>
internal sealed class OpenedAgent : IAsyncDisposable
{
    private readonly CodeModel _model;
    private readonly Session _session;
    private readonly ToolContext _context;

    private OpenedAgent(CodeModel model, Session session, ToolContext context, AgentOptions options, PermissionMode mode)
    {
        (_model, _session, _context) = (model, session, context);
        Agent = new CodingAgent(model.Client, context, options);
        Facts = new SessionFacts(session.Id, context.Workspace.Root, model.Name, mode, [.. options.Tools.Select(tool => tool.Name)]);
    }

    /// <summary>The agent.</summary>
    public CodingAgent Agent { get; }

    /// <summary>What readers of its events are told.</summary>
    public SessionFacts Facts { get; }

    /// <summary>Tokens of the model's context; 0 where nobody knows.</summary>
    public int ContextLength => _model.ContextLength;

    /// <summary>Puts one together.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="settings">What the files say.</param>
    /// <param name="places">Where the user's files are.</param>
    /// <param name="model">The model, which goes with the agent.</param>
    public static OpenedAgent Open(CodeRequest request, AgentSettings settings, UsersPlaces places, CodeModel model)
    {
        Workspace workspace = new(request.Directory, [.. settings.Directories, .. request.Directories]);
        PermissionMode mode = request.Mode ?? ModeOf(settings);
        Session session = SessionOf(request, new SessionStore(places.Sessions, TimeProvider.System), workspace.Root);
        try
        {
            ToolContext context = new(workspace, session.Directory) { Environment = settings.Environment };
            string memory = MemoryFiles.Read(workspace.Root, places.Home);
            HookPlace place = new(session.Id, session.TranscriptPath, workspace.Root);
            AgentOptions options = new()
            {
                Tools = CodeTools.For(model, request.Disallowed),
                Permissions = CodeTools.Policy(mode, settings, request, workspace),
                SystemPrompt = string.Join(
                    "\n\n",
                    new[] { request.SystemPrompt ?? SystemPrompt.Text, request.AppendedSystemPrompt }.OfType<string>()),
                Surroundings = new Surroundings(workspace, mode, memory, TimeProvider.System).Describe,
                ContextLength = model.ContextLength,
                MaxTurns = request.MaxTurns,
                ThinkingBudget = request.ThinkingBudget,
                FaultOf = model.FaultOf,
                Session = session,
                Hooks = [.. settings.Hooks.Select(hook => new CommandHook(hook.Event, hook.Matcher, hook.Command, hook.Timeout, place))],
            };
            return new OpenedAgent(model, session, context, options, mode);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync().ConfigureAwait(false);
        _session.Dispose();
        await _model.DisposeAsync().ConfigureAwait(false);
    }

    private static PermissionMode ModeOf(AgentSettings settings) =>
        settings.Mode is not { } word ? PermissionMode.Ask
        : PermissionModes.Parse(word, out string problem)
            ?? throw new InvalidDataException($"The setting permissions.defaultMode: {problem}");

    private static Session SessionOf(CodeRequest request, SessionStore store, string project) =>
        request.Resumes is { } id ? store.Resume(project, id)
        : request.Continues ? store.ResumeLatest(project)
        : store.Begin(project);
}
