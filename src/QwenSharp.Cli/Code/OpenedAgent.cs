using QwenSharp.Agent;
using QwenSharp.Agent.Hooks;
using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Prompts;
using QwenSharp.Agent.Sandboxes;
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

    private OpenedAgent(CodeModel model, Session session, ToolContext context, AgentOptions options)
    {
        (_model, _session, _context) = (model, session, context);
        Agent = new CodingAgent(model.Client, context, options);
        Permissions = options.Permissions;
        Facts = new SessionFacts(
            session.Id, context.Workspace.Root, model.Name, options.Permissions.Mode, [.. options.Tools.Select(tool => tool.Name)]);
    }

    /// <summary>The agent.</summary>
    public CodingAgent Agent { get; }

    /// <summary>What decides on its calls.</summary>
    public PermissionPolicy Permissions { get; }

    /// <summary>What readers of its events are told.</summary>
    public SessionFacts Facts { get; }

    /// <summary>Tokens of the model's context; 0 where nobody knows.</summary>
    public int ContextLength => _model.ContextLength;

    /// <summary>Puts one together.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="settings">What the files say.</param>
    /// <param name="places">Where the user's files are.</param>
    /// <param name="model">The model, which goes with the agent.</param>
    /// <param name="person">Who can be asked; null where nobody is there.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="InvalidDataException">A setting, or the session, is not what it should be.</exception>
    /// <exception cref="FormatException">A rule is none.</exception>
    /// <exception cref="IOException">There is no such session.</exception>
    public static async Task<OpenedAgent> OpenAsync(
        CodeRequest request, AgentSettings settings, UsersPlaces places, CodeModel model, Person? person, CancellationToken stop)
    {
        Workspace project = new(request.Directory, [.. settings.Directories, .. request.Directories]);
        Session session = SessionOf(request, new SessionStore(places.Sessions, TimeProvider.System), project.Root);
        try
        {
            Workspace workspace = new(project.Root, project.Further) { Readable = [session.Directory], Home = places.Home };
            PermissionMode mode = request.Mode ?? ModeOf(settings);
            Sandbox? sandbox = mode == PermissionMode.Auto ? await SandboxAsync(workspace, session, stop).ConfigureAwait(false) : null;
            PermissionRules rules = new(
                [.. settings.Allow, .. request.Allowed], settings.Ask, [.. settings.Deny, .. request.Disallowed]);
            PermissionPolicy policy = new(mode, workspace, rules) { IsSandboxed = sandbox is not null, IsHeadless = person is null };
            ToolContext context = new(workspace, session.Directory)
            {
                Environment = settings.Environment,
                Sandbox = sandbox,
                AskPerson = person is null ? null : person.AskAsync,
                AcceptPlan = person is null ? null : async (plan, cancelled) =>
                {
                    (bool isAccepted, string? remark) = await person.AcceptAsync(plan, cancelled).ConfigureAwait(false);
                    if (isAccepted)
                        policy.Mode = PermissionMode.AcceptEdits;

                    return (isAccepted, remark);
                },
            };
            string memory = MemoryFiles.Read(workspace.Root, places.Home);
            HookPlace place = new(session.Id, session.TranscriptPath, workspace.Root);
            return new OpenedAgent(model, session, context, new AgentOptions
            {
                Tools = CodeTools.For(model.Name, request.Disallowed),
                Permissions = policy,
                SystemPrompt = string.Join(
                    "\n\n",
                    new[] { request.SystemPrompt ?? SystemPrompt.Text, request.AppendedSystemPrompt }.OfType<string>()),
                Surroundings = () => new Surroundings(workspace, policy.Mode, memory, TimeProvider.System).Describe(),
                ContextLength = model.ContextLength,
                MaxTurns = request.MaxTurns,
                ThinkingBudget = request.ThinkingBudget,
                FaultOf = model.FaultOf,
                Session = session,
                Hooks = [.. settings.Hooks.Select(hook => new CommandHook(hook.Event, hook.Matcher, hook.Command, hook.Timeout, place))],
            });
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

    // Without one, the policy lets only commands run that are known to stay in the project.
    private static async Task<Sandbox?> SandboxAsync(Workspace workspace, Session session, CancellationToken stop)
    {
        SandboxSettings settings = new(workspace, Path.Combine(session.Directory, "tmp"));
        return (await Sandbox.FindAsync(settings, stop).ConfigureAwait(false)).Sandbox;
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
