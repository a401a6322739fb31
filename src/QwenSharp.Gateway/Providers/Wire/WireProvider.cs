using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>A provider in one of the forms.</summary>
internal sealed class WireProvider(ProviderSettings settings, WireForm form, HttpMessageInvoker http) : Provider(settings)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> LossesOf(ProviderCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return form.Write(Instructed(call)).Losses;
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ChatResponseUpdate> CompleteAsync(
        ProviderCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        call = Instructed(call);
        WireRequest request = form.Write(call);
        if (call.Losses == LossPolicy.Refuse && request.Losses.Count > 0)
            throw Lost(request.Losses);

        ReplyReader reader = form.Reader(call);
        using Exchange exchange = new(Settings, form, reader, cancellationToken);
        await exchange.SendAsync(http, request).ConfigureAwait(false);
        bool more = true;
        while (more)
        {
            more = await exchange.AdvanceAsync().ConfigureAwait(false);
            foreach (ChatResponseUpdate update in reader.Answer.Take())
                yield return update;

            exchange.RequireSound();
        }
    }

    // Instructions beside the conversation stand before it.
    private static ProviderCall Instructed(ProviderCall call) => call.Options.Instructions is { Length: > 0 } instructions
        ? call with { Messages = [new ChatMessage(ChatRole.System, instructions), .. call.Messages] }
        : call;

    private ProviderException Lost(IReadOnlyList<string> losses) => new(new ProviderError(
        ProviderErrorKind.UnsupportedParameter,
        Retryable: false,
        RetryAfter: null,
        Status: null,
        $"{Settings.Name} cannot carry {string.Join(", ", losses)}. Leave it out, or let it be dropped.",
        AfterFirstToken: false)
    {
        Parameter = losses[0],
    });
}
