namespace QwenSharp.Gateway.Forwarding;

/// <summary>A request as it came.</summary>
/// <param name="Wire">Its form.</param>
/// <param name="Body">The JSON of its body.</param>
/// <param name="Headers">Its head: names and values in their order, the sender's credentials too.</param>
/// <param name="Query">What its address asks, with the question mark; empty for nothing.</param>
public sealed record RawRequest(
    Wire Wire, ReadOnlyMemory<byte> Body, IReadOnlyList<KeyValuePair<string, string>> Headers, string Query = "");
