namespace QwenSharp.Gateway.Forwarding;

/// <summary>A refusal as it came.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="headers">The head, but for what is of the connection.</param>
/// <param name="body">The body.</param>
public sealed class RejectedReply(int status, IReadOnlyList<KeyValuePair<string, string>> headers, ReadOnlyMemory<byte> body)
    : Exception($"The provider replied with status {status}.")
{
    /// <summary>The HTTP status.</summary>
    public int Status => status;

    /// <summary>The head, but for what is of the connection.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers => headers;

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Body => body;
}
