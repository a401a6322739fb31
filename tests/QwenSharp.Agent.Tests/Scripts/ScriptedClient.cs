using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace QwenSharp.Agent.Tests.Scripts;

/// <summary>A model that answers what was written down, turn by turn, and remembers what it was asked.</summary>
internal sealed class ScriptedClient(params IEnumerable<ScriptedTurn> turns) : IChatClient
{
    private readonly Queue<ScriptedTurn> _turns = new(turns);

    /// <summary>The conversations that it was asked to go on with, each as JSON, message by message.</summary>
    public List<IReadOnlyList<string>> Requests { get; } = [];

    /// <summary>The options of each request.</summary>
    public List<ChatOptions> Options { get; } = [];

    /// <summary>Plays a file of turns, one a line.</summary>
    public static ScriptedClient Of(string path) => new(File.ReadLines(path).Select(ScriptedTurn.Read));

    public static string Json(ChatMessage message) => JsonSerializer.Serialize(message, AIJsonUtilities.DefaultOptions);

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Requests.Add([.. messages.Select(Json)]);
        Options.Add(options!);
        Assert.True(_turns.TryDequeue(out ScriptedTurn? turn), "The script has no turn more.");
        if (turn.Failure is not null)
            throw turn.Failure;

        string id = $"answer-{Requests.Count}";
        if (turn.Reasoning is not null)
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new TextReasoningContent(turn.Reasoning)]) { MessageId = id };

        // In pieces, as models write.
        foreach (char[] piece in (turn.Text ?? "").Chunk(7))
            yield return new ChatResponseUpdate(ChatRole.Assistant, new string(piece)) { MessageId = id };

        foreach (FunctionCallContent call in turn.Calls)
            yield return new ChatResponseUpdate(ChatRole.Assistant, [call]) { MessageId = id };

        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        yield return new ChatResponseUpdate(ChatRole.Assistant, turn.Usage is { } usage ? [new UsageContent(usage)] : [])
        {
            MessageId = id,
            FinishReason = turn.IsCut ? ChatFinishReason.Length
                : turn.Calls.Count > 0 ? ChatFinishReason.ToolCalls
                : ChatFinishReason.Stop,
        };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
