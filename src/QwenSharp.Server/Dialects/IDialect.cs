using System.Buffers;
using QwenSharp.Server.Callers;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.Dialects;

/// <summary>One protocol over HTTP: its routes, the header of its key, and its words for faults.</summary>
internal interface IDialect
{
    /// <summary>Adds the routes.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="service">What answers.</param>
    void Map(IEndpointRouteBuilder routes, DialectService service);

    /// <summary>
    /// Whether a path that no route takes is one of this dialect's, so that it words the fault. Where several own it, the last of the
    /// server's dialects is asked.
    /// </summary>
    bool Owns(PathString path);

    /// <summary>
    /// Whether a request says by its headers that it speaks this dialect: then it gets this one's route where several have one for its
    /// path.
    /// </summary>
    bool IsSpokenBy(HttpRequest request) => false;

    /// <summary>The key that a request carries; null for none.</summary>
    string? KeyOf(HttpRequest request);

    /// <summary>How a client of this dialect gives its key, as the end of "in …".</summary>
    string KeyPlace { get; }

    /// <summary>The header in which replies give the request's name.</summary>
    string RequestIdHeader => "x-request-id";

    /// <summary>The status of a reply that reports a fault.</summary>
    int StatusOf(HttpFault fault) => fault.Status;

    /// <summary>Sets the headers of a reply that reports a fault, beside its status and content type.</summary>
    void WriteHeaders(HttpFault fault, IHeaderDictionary headers);

    /// <summary>Sets the headers that tell the holder of a key what it has left of its minute.</summary>
    /// <param name="allowance">What is left.</param>
    /// <param name="now">The time.</param>
    /// <param name="headers">The reply's.</param>
    void WriteLimits(KeyAllowance allowance, DateTimeOffset now, IHeaderDictionary headers) => LimitHeaders.Write(allowance, headers);

    /// <summary>Writes the JSON of a reply that reports a fault.</summary>
    void WriteFault(HttpFault fault, IBufferWriter<byte> output);
}
