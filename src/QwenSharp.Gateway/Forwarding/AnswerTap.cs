using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Forwarding;

/// <summary>
/// Understands an answer while its bytes go on as they are: whether it has begun, and what it took. What cannot be understood goes on all
/// the same.
/// </summary>
/// <param name="form">The provider's form.</param>
/// <param name="reader">Reads the answer.</param>
/// <param name="streams">Whether a stream was asked for.</param>
internal sealed class AnswerTap(WireForm form, ReplyReader reader, bool streams) : IDisposable
{
    private WireReader? _events;
    private MemoryStream? _whole;
    private bool _isLost;

    /// <summary>Whether a piece of the answer, or its end, has come; or nobody can tell.</summary>
    public bool HasBegun => _isLost || reader.Answer.HasPieces || reader.Answer.Ended;

    /// <summary>Whether a part of the answer had come.</summary>
    public bool HasPieces => reader.Answer.HasPieces;

    /// <summary>What more bytes say; none at the end of the answer.</summary>
    /// <exception cref="ProviderException">They say that the answer failed.</exception>
    public IReadOnlyList<ChatResponseUpdate> Read(ReadOnlySpan<byte> bytes)
    {
        if (_isLost)
            return [];

        try
        {
            if (bytes.IsEmpty)
                Close();
            else
                Append(bytes);
        }
        catch (Exception fault) when (fault is JsonException or WireFormatException or FormatException)
        {
            _isLost = true;
        }

        return reader.Answer.Take();
    }

    /// <inheritdoc/>
    public void Dispose() => _whole?.Dispose();

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_events is null && _whole is null)
        {
            ReadOnlySpan<byte> first = bytes.TrimStart(" \t\r\n\uFEFF"u8);
            if (first.IsEmpty)
                return;

            WireReader events = form.Events();
            if (events is JsonLineReader ? streams : first[0] is not ((byte)'{' or (byte)'['))
                _events = events;
            else
                _whole = new MemoryStream();
        }

        if (_events is not null)
        {
            _events.Append(bytes);
            Take(_events);
        }
        else if (_whole!.Length + bytes.Length > WireLimits.Reply)
        {
            _isLost = true;
        }
        else
        {
            _whole.Write(bytes);
        }
    }

    private void Close()
    {
        if (_events is not null)
        {
            _events.Close();
            Take(_events);
            if (!reader.Answer.Ended)
                reader.Close();
        }
        else if (_whole is not null)
        {
            using JsonDocument reply = JsonDocument.Parse(
                _whole.GetBuffer().AsMemory(0, (int)_whole.Length), new JsonDocumentOptions { MaxDepth = 256 });
            reader.ReadWhole(reply.RootElement);
        }
    }

    private void Take(WireReader events)
    {
        while (!reader.Answer.Ended && events.TryRead(out WireEvent read))
            reader.Read(read);
    }
}
