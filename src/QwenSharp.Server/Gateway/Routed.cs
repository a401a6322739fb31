using QwenSharp.Gateway.Routing;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Gateway;

/// <summary>What became of a request whose model may be a route. Disposing it ends its answer.</summary>
/// <param name="lease">What has the answer; null where it is no route.</param>
/// <param name="reply">The answer; null where it is no route.</param>
internal sealed class Routed(ModelLease? lease, RouteReply? reply) : IAsyncDisposable
{
    /// <summary>Of a request whose model is no route.</summary>
    public static Routed Nowhere { get; } = new(lease: null, reply: null);

    /// <summary>Of a request that is answered already.</summary>
    public static Routed Sent { get; } = new(lease: null, reply: null) { IsSent = true };

    /// <summary>Whether the answer has been sent, as it came from whoever gave it.</summary>
    public bool IsSent { get; private init; }

    /// <summary>Gives the answer that has begun as a model's; null where the model is no route.</summary>
    public ModelLease? Lease => lease;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lease?.Dispose();
        if (reply is not null)
            await reply.DisposeAsync().ConfigureAwait(false);
    }
}
