using QwenSharp.Server.Http;

namespace QwenSharp.Server.OpenAI;

/// <summary>What the protocol has beside paths of this server's, and this server has not: refused by what it is, not by its path.</summary>
internal static class AbsentRoutes
{
    private const string Completions = "Chat completions are not kept here, whatever 'store' says; responses are: POST /v1/responses.";
    private const string Compaction = "No conversation is compacted here. Send fewer items, or a summary of them.";

    /// <summary>Adds them.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="prefixes">Below which paths.</param>
    public static void Map(IEndpointRouteBuilder routes, IEnumerable<string> prefixes)
    {
        string[] get = [HttpMethods.Get, HttpMethods.Head];
        foreach (string prefix in prefixes)
        {
            string one = $"{prefix}/chat/completions/{{completion}}";
            routes.MapMethods($"{prefix}/chat/completions", get, Refuse(Completions));
            routes.MapMethods(one, [.. get, HttpMethods.Post, HttpMethods.Delete], Refuse(Completions));
            routes.MapMethods($"{one}/messages", get, Refuse(Completions));
            routes.MapPost($"{prefix}/responses/compact", Refuse(Compaction));
        }
    }

    private static RequestDelegate Refuse(string reason) =>
        _ => throw new HttpFault(StatusCodes.Status404NotFound, HttpFaultKind.Missing, reason);
}
