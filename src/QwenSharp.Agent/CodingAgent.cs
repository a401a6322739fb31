using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.AI;
using QwenSharp.Agent.Events;
using QwenSharp.Agent.Loop;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent;

/// <summary>
/// A coding agent: asks a model, does what it calls for, tells it the results, and so on until the model has nothing more to do. One prompt
/// is worked on at a time; the conversation goes on from prompt to prompt.
/// </summary>
public sealed class CodingAgent
{
    private readonly IChatClient _client;
    private readonly ToolContext _context;
    private readonly AgentOptions _options;
    private readonly Toolbox _tools;
    private readonly Conversation _conversation;
    private string? _surroundings;

    /// <summary>An agent.</summary>
    /// <param name="client">Answers; the caller's to dispose.</param>
    /// <param name="context">What its tools work in; the caller's to dispose.</param>
    /// <param name="options">How it works. With a session that has messages it goes on with those.</param>
    public CodingAgent(IChatClient client, ToolContext context, AgentOptions options)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(options);
        (_client, _context, _options) = (client, context, options);
        _tools = new Toolbox(options.Tools);
        _conversation = new Conversation(options.Session);
    }

    /// <summary>The conversation as the model sees it; the first message is the system's.</summary>
    public IReadOnlyList<ChatMessage> Messages => _conversation.Messages;

    /// <summary>Tokens of the conversation, as the endpoint counted them or estimated.</summary>
    public long ContextTokens => _conversation.Tokens;

    /// <summary>Works on a prompt, and tells what it does.</summary>
    /// <param name="prompt">What the person wants.</param>
    /// <param name="cancellationToken">Interrupts the work; the conversation stays whole and can be gone on with.</param>
    /// <returns>What happens, while it happens; the last event is an <see cref="AgentDone"/>.</returns>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public IAsyncEnumerable<AgentEvent> RunAsync(string prompt, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(prompt);
        return TellAsync((tell, stop) => new AgentRun(Prepare(tell), prompt).RunAsync(stop), cancellationToken);
    }

    /// <summary>Puts a summary in place of the older part of the conversation, as happens by itself near the end of the context.</summary>
    /// <param name="cancellationToken">Gives up; the conversation stays.</param>
    public IAsyncEnumerable<AgentEvent> CompactAsync(CancellationToken cancellationToken = default) =>
        TellAsync((tell, stop) => new AgentRun(Prepare(tell), "").CompactAsync(stop), cancellationToken);

    /// <summary>Begins a new conversation. The transcript keeps the one before.</summary>
    public void Clear()
    {
        _surroundings = null;
        if (_conversation.Messages is [var system, ..])
            _conversation.Replace([system]);
    }

    private RunParts Prepare(Action<AgentEvent> tell)
    {
        ModelStep step = new(_client, _options, _context.Time, tell);
        return new RunParts(_options, _context, _tools, _conversation, step, tell)
        {
            ChangedSurroundings = () =>
            {
                string? now = _options.Surroundings?.Invoke();
                if (now == _surroundings)
                    return null;

                _surroundings = now;
                return now;
            },
        };
    }

    private static async IAsyncEnumerable<AgentEvent> TellAsync(
        Func<Action<AgentEvent>, CancellationToken, Task> work, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Channel<AgentEvent> events = Channel.CreateUnbounded<AgentEvent>(new UnboundedChannelOptions { SingleReader = true });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task working = Task.Run(
            async () =>
            {
                try
                {
                    await work(told => events.Writer.TryWrite(told), stop.Token).ConfigureAwait(false);
                    events.Writer.Complete();
                }
                catch (Exception failure)
                {
                    events.Writer.Complete(failure);
                }
            },
            CancellationToken.None);
        try
        {
            while (await events.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
            {
                while (events.Reader.TryRead(out AgentEvent? told))
                {
                    yield return told;
                    (told as PermissionAsked)?.Deny(PermissionAsked.Unanswered);
                }
            }
        }
        finally
        {
            // Whoever stops reading stops the work.
            await stop.CancelAsync().ConfigureAwait(false);
            await working.ConfigureAwait(false);
        }
    }
}
