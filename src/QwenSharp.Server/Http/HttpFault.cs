using QwenSharp.Faults;

namespace QwenSharp.Server.Http;

/// <summary>What is wrong with a request, or with the server, beyond what its options say.</summary>
internal enum HttpFaultKind
{
    /// <summary>An option of the request; <see cref="HttpFault.Option"/> says which.</summary>
    Option,

    /// <summary>The body is not JSON.</summary>
    NotJson,

    /// <summary>The body is not declared as JSON.</summary>
    ContentType,

    /// <summary>The body is too large.</summary>
    TooLarge,

    /// <summary>HTTP itself is spoken wrongly.</summary>
    Malformed,

    /// <summary>There is no key, or it is the wrong one.</summary>
    Key,

    /// <summary>The key was not made for what it asks for.</summary>
    Scope,

    /// <summary>The key has used up what it has a minute.</summary>
    RateLimit,

    /// <summary>There is no such file or batch.</summary>
    UnknownItem,

    /// <summary>It is too late, or too early, for what is asked of a batch.</summary>
    Ended,

    /// <summary>The server keeps nothing.</summary>
    Stateless,

    /// <summary>The name that the server is called by is not one that it answers to.</summary>
    Host,

    /// <summary>There is no such model.</summary>
    UnknownModel,

    /// <summary>There is nothing at the path.</summary>
    UnknownPath,

    /// <summary>What a path names is not kept here.</summary>
    Missing,

    /// <summary>The path does not take the method.</summary>
    Method,

    /// <summary>More answers are asked for than may ever wait.</summary>
    TooMany,

    /// <summary>Too many requests wait already.</summary>
    Busy,

    /// <summary>The request took longer than one may.</summary>
    Deadline,

    /// <summary>A model cannot be loaded.</summary>
    LoadFailed,

    /// <summary>A hub refuses, or cannot be reached.</summary>
    Hub,

    /// <summary>A model has no room in memory beside those in use.</summary>
    NoRoom,

    /// <summary>Only someone at the machine, or with a key, may ask for this.</summary>
    Forbidden,

    /// <summary>The server is ending.</summary>
    ShuttingDown,

    /// <summary>The conversation is longer than whoever was asked takes.</summary>
    TooLong,

    /// <summary>Whoever was asked does not answer to such content.</summary>
    ContentFilter,

    /// <summary>There is no money left where the answer would be made.</summary>
    Billing,

    /// <summary>Whoever was asked elsewhere failed, or does not let this server in.</summary>
    Upstream,

    /// <summary>The server failed.</summary>
    Internal,
}

/// <summary>Why a request is not answered, in neutral words; its dialect gives it a shape, and words of its own.</summary>
/// <param name="status">The HTTP status, 400 to 599.</param>
/// <param name="kind">What is wrong.</param>
/// <param name="message">What is wrong and what to do.</param>
/// <param name="inner">What caused it.</param>
internal sealed class HttpFault(int status, HttpFaultKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>A fault of one of the request's options.</summary>
    public HttpFault(OptionFault option)
        : this(StatusCodes.Status400BadRequest, HttpFaultKind.Option, option.ToString()) => Option = option;

    /// <summary>The HTTP status.</summary>
    public int Status => status;

    /// <summary>What is wrong.</summary>
    public HttpFaultKind Kind => kind;

    /// <summary>When to come back, where that helps.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Which limit a key has reached: <c>requests</c>, <c>tokens</c> or <c>concurrent</c>; null where none.</summary>
    public string? Limit { get; init; }

    /// <summary>The option at fault, where one is.</summary>
    public OptionFault? Option { get; }

    /// <summary>The name of the request that is not answered; null where the web server knows no request.</summary>
    public string? RequestId { get; set; }
}
