using System.Diagnostics;

namespace QwenSharp.Server.Operations;

/// <summary>
/// What is known of a request that the log, the metrics and the trace tell: never what it says, unless that is asked for.
/// </summary>
internal sealed class RequestRecord
{
    /// <summary>When it came, in ticks of <see cref="Stopwatch"/>.</summary>
    public long Start { get; } = Stopwatch.GetTimestamp();

    /// <summary>The name of the model that answers; null as long as none does.</summary>
    public string? Model { get; set; }

    /// <summary>The caller's own name for who asks; null where it gives none.</summary>
    public string? User { get; set; }

    /// <summary>What the prefix cache had of its first prompt; null as long as that is not known.</summary>
    public string? Cache { get; set; }

    /// <summary>Tokens of its prompts; null where none was told.</summary>
    public long? PromptTokens { get; set; }

    /// <summary>Those of them that the prefix cache had.</summary>
    public long CachedTokens { get; set; }

    /// <summary>Tokens of its answers, reasoning included.</summary>
    public long AnswerTokens { get; set; }

    /// <summary>From its coming to the first piece of an answer; null as long as there is none.</summary>
    public TimeSpan? FirstToken { get; set; }

    /// <summary>Its body, where the log is to hold it.</summary>
    public string? Body { get; set; }

    /// <summary>The record of a request.</summary>
    public static RequestRecord Of(HttpContext http)
    {
        if (http.Features.Get<RequestRecord>() is not { } record)
            http.Features.Set(record = new RequestRecord());

        return record;
    }
}
