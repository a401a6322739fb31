using Microsoft.Extensions.AI;
using QwenSharp.Engine;

namespace QwenSharp.Cli.Run;

/// <summary>The model of a conversation: what answers, and how much it can read.</summary>
internal sealed class ChatModel : IAsyncDisposable
{
    /// <summary>The name under which it was asked for.</summary>
    public required string Name { get; init; }

    /// <summary>Answers.</summary>
    public required IChatClient Client { get; init; }

    /// <summary>Tokens that prompt and answer may have together.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The tokens of the prompt that a conversation becomes.</summary>
    public required Func<IReadOnlyList<ChatMessage>, ChatOptions, int> CountTokens { get; init; }

    /// <summary>Whether its template can turn reasoning on and off.</summary>
    public bool HasThinkingSwitch { get; init; } = true;

    /// <summary>The chat template; empty where it is not known.</summary>
    public string Template { get; init; } = "";

    /// <summary>What it is, for people: architecture, size, file.</summary>
    public IReadOnlyList<(string Name, string Value)> Facts { get; init; } = [];

    /// <summary>How answers are drawn where nobody says otherwise; null where it is not known.</summary>
    public SamplingOptions? Recommended { get; init; }

    /// <summary>What it holds beside the client; null for nothing.</summary>
    public IAsyncDisposable? Held { get; init; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (Held is not null)
            await Held.DisposeAsync().ConfigureAwait(false);
    }
}
