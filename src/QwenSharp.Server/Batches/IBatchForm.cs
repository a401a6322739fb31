using QwenSharp.Server.Dialects;

namespace QwenSharp.Server.Batches;

/// <summary>How a dialect has its batches.</summary>
internal interface IBatchForm
{
    /// <summary>Its name in the state, which never changes.</summary>
    string Name { get; }

    /// <summary>The dialect, which words the faults of lines.</summary>
    IDialect Dialect { get; }

    /// <summary>Whether the results become files; else they stay with the lines.</summary>
    bool MakesFiles { get; }

    /// <summary>What answers the lines of an endpoint.</summary>
    RequestDelegate EndpointOf(string endpoint);

    /// <summary>Reads the lines of a batch that came as a file.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="content">The file; null where it is gone.</param>
    /// <returns>The lines, or why there are none, in the dialect's JSON.</returns>
    (IReadOnlyList<BatchLine> Lines, string? Errors) Read(Batch batch, byte[]? content);

    /// <summary>A line's result as one line of JSON, without its end.</summary>
    /// <param name="line">The line; its body is not needed.</param>
    /// <param name="state">What became of it.</param>
    /// <param name="reply">What the endpoint said; null where it was not asked.</param>
    byte[] Word(BatchLine line, LineState state, InnerReply? reply);
}
