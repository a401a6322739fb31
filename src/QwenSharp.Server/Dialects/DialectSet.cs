using System.Buffers;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.Dialects;

/// <summary>The dialects of a server. The first also speaks where no other is meant.</summary>
internal sealed class DialectSet(IReadOnlyList<IDialect> dialects)
{
    /// <summary>Adds the routes of all.</summary>
    public void Map(IEndpointRouteBuilder routes, DialectService service)
    {
        foreach ((int rank, IDialect dialect) in dialects.Index())
            dialect.Map(routes.MapGroup("").WithMetadata(dialect, new DialectRank(rank)), service);
    }

    /// <summary>The body of a refusal by the web server itself, which knows no path: of what is no HTTP, or came too late.</summary>
    /// <param name="status">The reply's status.</param>
    /// <param name="reason">Its reason, in HTTP's words.</param>
    public byte[] Refuse(int status, string reason)
    {
        ArrayBufferWriter<byte> body = new();
        dialects[0].WriteFault(
            new HttpFault(status, HttpFaultKind.Malformed, $"The web server refuses the request: {status} {reason}."),
            body);
        return body.WrittenSpan.ToArray();
    }

    /// <summary>The dialect of a request: that of its route, the one that its headers name, or the one whose path it is.</summary>
    public IDialect Of(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<IDialect>()
        ?? dialects.FirstOrDefault(dialect => dialect.IsSpokenBy(http.Request))
        ?? dialects.LastOrDefault(dialect => dialect.Owns(http.Request.Path))
        ?? dialects[0];
}
