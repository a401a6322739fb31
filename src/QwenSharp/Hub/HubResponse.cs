namespace QwenSharp.Hub;

/// <summary>A successful answer and its body.</summary>
/// <param name="message">The answer.</param>
/// <param name="linkedTag">The ETag that the hub itself named on the way to the storage, if it did.</param>
internal sealed class HubResponse(HttpResponseMessage message, string? linkedTag) : IDisposable
{
    private Stream? _body;

    /// <summary>The answer.</summary>
    public HttpResponseMessage Message => message;

    /// <summary>Whether the body is HTML.</summary>
    public bool IsWebPage => message.Content.Headers.ContentType?.MediaType is "text/html" or "application/xhtml+xml";

    /// <summary>
    /// What identifies the content: the hub's own tag, else the answer's where it is a strong one; null if there is none.
    /// </summary>
    public string? Tag => linkedTag?.Trim('"') ?? (message.Headers.ETag is { IsWeak: false } tag ? tag.Tag.Trim('"') : null);

    /// <summary>Reads a piece of the body.</summary>
    /// <returns>The number of bytes; 0 at the end.</returns>
    /// <exception cref="TransientException">The connection broke or was silent for too long.</exception>
    public async Task<int> ReadAsync(Memory<byte> buffer, TimeSpan patience, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(patience);
        try
        {
            _body ??= await message.Content.ReadAsStreamAsync(stall.Token).ConfigureAwait(false);
            return await _body.ReadAsync(buffer, stall.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException silent) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransientException($"{Host} sent nothing for {patience.TotalSeconds:0} s.", inner: silent);
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException)
        {
            throw new TransientException($"{Host} broke off: {broken.Message}", inner: broken);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _body?.Dispose();
        message.Dispose();
    }

    private string Host => message.RequestMessage?.RequestUri?.Host ?? "The server";
}
