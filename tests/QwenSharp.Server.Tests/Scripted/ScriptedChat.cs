using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Tests.Scripted;

/// <summary>What a scripted model does with a call: its updates, or a failure.</summary>
internal delegate IAsyncEnumerable<ChatResponseUpdate> Script(ScriptedCall call, CancellationToken cancellationToken);

/// <summary>A call as the model got it.</summary>
internal sealed record ScriptedCall(IReadOnlyList<ChatMessage> Messages, ChatOptions Options)
{
    /// <summary>The call as one of its choices sees it.</summary>
    public ScriptedCall For(int choice)
    {
        ChatOptions options = Options.Clone();
        options.Seed += choice;
        return this with { Options = options };
    }
}

/// <summary>A model that says what the test wrote, and keeps what it was asked.</summary>
internal sealed class ScriptedChat(Script script) : IChatCompletion
{
    private readonly List<ScriptedCall> _calls = [];

    public IReadOnlyList<ScriptedCall> Calls
    {
        get
        {
            lock (_calls)
                return [.. _calls];
        }
    }

    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, int choices, CancellationToken cancellationToken)
    {
        ScriptedCall call = new(messages, options);
        lock (_calls)
            _calls.Add(call);

        return [.. Enumerable.Range(0, choices).Select(choice => script(call.For(choice), cancellationToken))];
    }

    public int CountPromptTokens(IReadOnlyList<ChatMessage> messages, ChatOptions options) => 7;
}

/// <summary>Scripts that tests share.</summary>
internal static class Scripts
{
    /// <summary>Says the words one update each, then stops.</summary>
    public static Script Say(params string[] words) => (_, token) => Stream(words, ChatFinishReason.Stop, token);

    /// <summary>Repeats the last message word by word.</summary>
    public static Script Echo { get; } = (call, token) => Stream(call.Messages[^1].Text.Split(' '), ChatFinishReason.Stop, token);

    /// <summary>Exactly these updates.</summary>
    public static Script Updates(params ChatResponseUpdate[] updates) => (_, _) => updates.ToAsyncEnumerable();

    /// <summary>A call as it is written, and whole at its end; or cut off there.</summary>
    public static IEnumerable<ChatResponseUpdate> Call(string id, string name, string[] pieces, bool isCut = false)
    {
        ChatResponseUpdate[] updates =
        [
            .. pieces.Prepend("").Select(piece => new ChatResponseUpdate { RawRepresentation = new CallFragment(id, name, piece) }),
        ];
        if (!isCut)
        {
            JsonElement arguments = JsonElement.Parse(string.Concat(pieces));
            Dictionary<string, object?> named = arguments.EnumerateObject().ToDictionary(one => one.Name, one => (object?)one.Value);
            updates[^1].Contents.Add(new FunctionCallContent(id, name, named));
        }

        return updates;
    }

    /// <summary>Text, and two calls as they are written.</summary>
    public static Script TwoCalls { get; } = Updates(
    [
        new ChatResponseUpdate(ChatRole.Assistant, "Let me see."),
        .. Call("call_1", "weather", ["{\"ci", "ty\": \"Łó", "dź\"}"]),
        .. Call("call_2", "weather", ["{\"city\": ", "\"Oslo\" }"]),
        End(ChatFinishReason.ToolCalls, 1, 9),
    ]);

    /// <summary>A call that runs out of tokens.</summary>
    public static Script CutCall { get; } = Updates(
    [
        .. Call("call_1", "weather", ["{\"city\": \"Łódź\"", ", \"days\": [1, "], isCut: true),
        End(ChatFinishReason.Length, 1, 9),
    ]);

    /// <summary>Fails before the first update.</summary>
    public static Script Fail(Exception fault) => (_, _) => throw fault;

    /// <summary>Says that it runs, and answers once it may.</summary>
    public static Script Wait(TaskCompletionSource running, Task end) => (_, token) => WaitAsync(running, end, token);

    /// <summary>The end of an answer.</summary>
    public static ChatResponseUpdate End(ChatFinishReason reason, int promptTokens, int completionTokens) => new()
    {
        FinishReason = reason,
        Contents = [new UsageContent(new UsageDetails { InputTokenCount = promptTokens, OutputTokenCount = completionTokens })],
    };

    private static async IAsyncEnumerable<ChatResponseUpdate> WaitAsync(
        TaskCompletionSource running, Task end, [EnumeratorCancellation] CancellationToken token)
    {
        running.TrySetResult();
        await end.WaitAsync(token);
        yield return End(ChatFinishReason.Stop, 1, 1);
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Stream(
        string[] words, ChatFinishReason reason, [EnumeratorCancellation] CancellationToken token)
    {
        for (int i = 0; i < words.Length; i++)
        {
            token.ThrowIfCancellationRequested();
            await Task.Yield();
            yield return new ChatResponseUpdate(ChatRole.Assistant, i == 0 ? words[i] : " " + words[i]);
        }

        yield return End(reason, promptTokens: 7, completionTokens: words.Length);
    }
}
