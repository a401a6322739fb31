using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Forwarding;

/// <summary>
/// Sends requests on to a provider that speaks their form, as they came: with its credentials in the place of the client's.
/// </summary>
/// <param name="settings">Where the provider is.</param>
/// <param name="form">Its form.</param>
/// <param name="http">Sends requests.</param>
internal sealed class Forwarder(ProviderSettings settings, WireForm form, HttpMessageInvoker http)
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>Whether a request can be sent on as it came.</summary>
    public bool Takes(RawRequest request) => Wires.Speaks(settings.Kind, request.Wire);

    /// <summary>Sends a request on, and returns once its answer has begun.</summary>
    /// <exception cref="ProviderException">The provider does not answer. The inner exception of a refusal is a
    /// <see cref="RejectedReply"/>.</exception>
    public async Task<ForwardedReply> SendAsync(RawRequest request, string model, CancellationToken cancellationToken)
    {
        bool streams = RawBody.Is(request.Body, "stream", "true"u8)
            || request.Wire is Wire.OllamaChat or Wire.OllamaGenerate && !RawBody.Is(request.Body, "stream", "false"u8);

        // Where a call goes and what stands above it is the same whatever it says.
        ProviderCall call = new(model, [new ChatMessage(ChatRole.User, "")], new ChatOptions()) { Stream = streams };
        CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            patience.CancelAfter(settings.FirstByteTimeout);
            using HttpRequestMessage message = Message(request, model, form.Write(call));
            response = await http.SendAsync(message, patience.Token).ConfigureAwait(false);
            Stream body = await response.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw await RefusalAsync(response, body, patience.Token).ConfigureAwait(false);

            AnswerTap? tap = Wires.IsConversation(request.Wire) && response.Content.Headers.ContentEncoding.Count == 0
                ? new AnswerTap(form, form.Reader(call), streams)
                : null;
            ForwardedReply reply = new(settings, response, body, tap, patience, cancellationToken);
            await reply.BeginAsync().ConfigureAwait(false);
            return reply;
        }
        catch (Exception fault)
        {
            response?.Dispose();
            patience.Dispose();
            if (cancellationToken.IsCancellationRequested || fault is ProviderException)
                throw;

            throw fault is OperationCanceledException
                ? Failure(ProviderErrorKind.Timeout, "no answer came in time.", fault)
                : Failure(ProviderErrorKind.Connection, $"cannot be reached at {settings.BaseUrl}: {fault.Message}", fault);
        }
    }

    private HttpRequestMessage Message(RawRequest request, string model, WireRequest envelope)
    {
        HttpRequestMessage message = new(HttpMethod.Post, Wires.AddressOf(request.Wire, envelope.Address, request.Query))
        {
            Content = new ByteArrayContent(RawBody.WithModel(request.Body, model)) { Headers = { ContentType = Json } },
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Options.Set(ProviderHttp.ConnectTimeout, settings.ConnectTimeout);
        foreach ((string name, string value) in ForwardedHeaders.OfRequest(request.Headers))
            message.Headers.TryAddWithoutValidation(name, value);

        // Versions of the client's are its own to say; the credentials are the provider's, and what is configured wins.
        foreach ((string name, string value) in envelope.Headers.Where(header => !message.Headers.Contains(header.Key)))
            message.Headers.TryAddWithoutValidation(name, value);

        foreach ((string name, string value) in settings.Headers)
        {
            message.Headers.Remove(name);
            message.Headers.TryAddWithoutValidation(name, value);
        }

        return message;
    }

    private async Task<ProviderException> RefusalAsync(HttpResponseMessage response, Stream body, CancellationToken cancellationToken)
    {
        byte[] said = new byte[WireLimits.Error];
        int length = await body.ReadAtLeastAsync(said, said.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> whole = said.AsMemory(0, length);
        int status = (int)response.StatusCode;
        ProviderError error = ErrorReader.Read(settings, form, ErrorBody.Read(whole, response.Headers, status));
        return new ProviderException(
            error, new RejectedReply(status, ForwardedHeaders.OfReply(response.Headers, response.Content.Headers), whole));
    }

    private ProviderException Failure(ProviderErrorKind kind, string message, Exception cause) => new(
        new ProviderError(kind, Retryable: true, RetryAfter: null, Status: null, $"{settings.Name}: {message}", AfterFirstToken: false),
        cause);
}
