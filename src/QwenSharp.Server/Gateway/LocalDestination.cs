using QwenSharp.Faults;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Routing;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Gateway;

/// <summary>A model of this process. Data of every class may come to it, as it leaves for nowhere.</summary>
/// <param name="model">Its name.</param>
/// <param name="models">The models; this one may not be among them.</param>
internal sealed class LocalDestination(string model, ModelCatalog models) : IDestination
{
    // A queue that is full is not empty at once.
    private static readonly TimeSpan AfterQueue = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public string Name => $"{new RouteTarget(RouteTarget.Local, model)}";

    /// <inheritdoc/>
    public bool Admits(string dataClass) => true;

    /// <inheritdoc/>
    public async Task<RouteReply> OpenAsync(RouteRequest request, LossPolicy losses, CancellationToken cancellationToken)
    {
        RouteCall call = await request.ReadAsync().ConfigureAwait(false);
        ModelEntry entry = models.TryFindHere(model)
            ?? throw Failure(ProviderErrorKind.NotFound, new ArgumentException($"This server has no model '{Excerpt.Of(model)}'."));
        try
        {
            ModelLease lease = await models.HoldAsync(entry, cancellationToken).ConfigureAwait(false);
            try
            {
                return await NeutralReply
                    .OpenAsync(
                        lease.Model.Chat.Complete(call.Messages, call.Options, call.Choices, cancellationToken),
                        dropped: [],
                        cancellationToken,
                        lease)
                    .ConfigureAwait(false);
            }
            catch
            {
                lease.Dispose();
                throw;
            }
        }
        catch (Exception fault) when (fault is not (OperationCanceledException or ProviderException))
        {
            throw fault switch
            {
                IOptionFault { Fault: var option } => CallFaults.Of(fault, option),
                QueueFullException => Failure(ProviderErrorKind.Overloaded, fault, AfterQueue),
                HttpFault { Kind: HttpFaultKind.NoRoom } => Failure(ProviderErrorKind.Overloaded, fault),
                _ => Failure(ProviderErrorKind.Server, fault),
            };
        }
    }

    private ProviderException Failure(ProviderErrorKind kind, Exception fault, TimeSpan? retryAfter = null) => new(
        new ProviderError(
            kind, Retryable: retryAfter is not null, retryAfter, Status: null, $"{Name}: {fault.Message}", AfterFirstToken: false),
        fault);
}
