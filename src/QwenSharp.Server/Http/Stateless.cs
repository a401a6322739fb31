namespace QwenSharp.Server.Http;

/// <summary>What a server that keeps nothing says to who asks it to keep something.</summary>
internal static class Stateless
{
    public static HttpFault Fault() => new(
        StatusCodes.Status501NotImplemented,
        HttpFaultKind.Stateless,
        "This server keeps no state, so it has no files, batches or stored answers. Give it a place for its state.");
}
