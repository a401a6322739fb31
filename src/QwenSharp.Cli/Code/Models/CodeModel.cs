using Microsoft.Extensions.AI;
using QwenSharp.Agent;

namespace QwenSharp.Cli.Code.Models;

/// <summary>The model that an agent works with.</summary>
internal sealed class CodeModel : IAsyncDisposable
{
    /// <summary>Its name where it answers.</summary>
    public required string Name { get; init; }

    /// <summary>Answers.</summary>
    public required IChatClient Client { get; init; }

    /// <summary>Tokens that prompt and answer may have together; 0 where nobody knows.</summary>
    public int ContextLength { get; init; }

    /// <summary>What a failure of the client means.</summary>
    public Func<Exception, ModelFault> FaultOf { get; init; } = ModelFault.Of;

    /// <summary>What it holds beside the client, in the order in which it goes.</summary>
    public IReadOnlyList<IAsyncDisposable> Held { get; init; } = [];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        foreach (IAsyncDisposable held in Held)
            await held.DisposeAsync().ConfigureAwait(false);
    }
}
