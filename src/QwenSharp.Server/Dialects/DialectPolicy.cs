using Microsoft.AspNetCore.Routing.Matching;

namespace QwenSharp.Server.Dialects;

/// <summary>
/// Which dialect's route a request gets where several have one for its path: that of the dialect that its headers name, else that of the
/// first dialect.
/// </summary>
internal sealed class DialectPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    /// <inheritdoc/>
    public override int Order => 0;

    /// <inheritdoc/>
    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) =>
        endpoints.Select(DialectOf).Where(dialect => dialect is not null).Distinct().Skip(1).Any();

    /// <inheritdoc/>
    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        IDialect? chosen = null;
        int best = int.MaxValue;
        for (int i = 0; i < candidates.Count; i++)
        {
            if (!candidates.IsValidCandidate(i) || DialectOf(candidates[i].Endpoint) is not { } dialect)
                continue;

            // Routes come in no order that could be relied upon.
            int rank = dialect.IsSpokenBy(httpContext.Request) ? -1 : RankOf(candidates[i].Endpoint);
            if (rank < best)
                (chosen, best) = (dialect, rank);
        }

        for (int i = 0; i < candidates.Count; i++)
            candidates.SetValidity(i, candidates.IsValidCandidate(i) && DialectOf(candidates[i].Endpoint) == chosen);

        return Task.CompletedTask;
    }

    private static int RankOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<DialectRank>()!.Rank;

    private static IDialect? DialectOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IDialect>();
}
