using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.OpenAI.Responses;

/// <summary>What is asked for by its name, and not there.</summary>
internal static class Missing
{
    /// <summary>That there is nothing under a name.</summary>
    /// <param name="what">What was looked for, such as <c>response</c>.</param>
    /// <param name="id">The name.</param>
    public static HttpFault Of(string what, string id) =>
        new(StatusCodes.Status404NotFound, HttpFaultKind.Missing, $"There is no {what} '{Excerpt.Of(id)}' here. It may have been deleted.");
}
