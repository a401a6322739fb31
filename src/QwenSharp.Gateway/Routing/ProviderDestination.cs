using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Routing;

/// <summary>A model of a provider's.</summary>
/// <param name="provider">The provider, which is asked in neutral types.</param>
/// <param name="forwarder">The same, which is sent what speaks its form already.</param>
/// <param name="model">The model's name there.</param>
/// <param name="dataClasses">The classes of data that may be sent there.</param>
internal sealed class ProviderDestination(
    Provider provider, Forwarder forwarder, string model, IReadOnlyList<string> dataClasses) : IDestination
{
    // What says how this process serves a request is nobody else's.
    private static readonly string[] Own = [ChatOptionKeys.Owner, ChatOptionKeys.Priority, ChatOptionKeys.AnswerOption];

    /// <inheritdoc/>
    public string Name => $"{provider.Settings.Name}/{model}";

    /// <inheritdoc/>
    public bool Admits(string dataClass) => dataClasses.Contains(dataClass);

    /// <inheritdoc/>
    public async Task<RouteReply> OpenAsync(RouteRequest request, LossPolicy losses, CancellationToken cancellationToken)
    {
        if (request.Raw is { } raw && forwarder.Takes(raw))
            return await forwarder.SendAsync(raw, model, cancellationToken).ConfigureAwait(false);

        RouteCall asked = await request.ReadAsync().ConfigureAwait(false);
        ProviderCall call = new(model, asked.Messages, Bare(asked.Options)) { Stream = asked.Stream, Losses = losses };
        return await NeutralReply
            .OpenAsync(
                [
                    .. Enumerable.Range(0, asked.Choices).Select(choice => provider.CompleteAsync(
                        call with { Options = Bare(asked.OptionsOf(choice)) }, cancellationToken)),
                ],
                provider.LossesOf(call),
                cancellationToken)
            .ConfigureAwait(false);
    }

    private static ChatOptions Bare(ChatOptions options)
    {
        ChatOptions bare = options.Clone();
        foreach (string key in Own)
            bare.AdditionalProperties?.Remove(key);

        return bare;
    }
}
