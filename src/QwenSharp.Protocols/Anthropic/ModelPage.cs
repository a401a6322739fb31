namespace QwenSharp.Protocols.Anthropic;

/// <summary>The reply of <c>GET /v1/models</c>: a page of the models.</summary>
/// <param name="Data">The models of this page.</param>
/// <param name="HasMore">Whether there are more beyond it.</param>
/// <param name="FirstId">The first of the page; null where it is empty.</param>
/// <param name="LastId">The last of the page; null where it is empty.</param>
public sealed record ModelPage(IReadOnlyList<ModelInfo> Data, bool HasMore, string? FirstId, string? LastId)
{
    /// <summary>The page of some models that a request asks for.</summary>
    /// <param name="models">All models, in their order.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="after">Those after this one; null to begin with the first.</param>
    /// <param name="before">Those before this one, the last of them; null to begin with the first.</param>
    public static ModelPage Of(IReadOnlyList<ModelInfo> models, int limit, string? after, string? before)
    {
        ArgumentNullException.ThrowIfNull(models);
        IEnumerable<ModelInfo> asked = models;
        if (after is not null)
            asked = asked.SkipWhile(model => model.Id != after).Skip(1);

        if (before is not null)
            asked = asked.TakeWhile(model => model.Id != before);

        List<ModelInfo> all = [.. asked];
        List<ModelInfo> page = before is null ? [.. all.Take(limit)] : [.. all.TakeLast(limit)];
        return new ModelPage(page, all.Count > page.Count, page.FirstOrDefault()?.Id, page.LastOrDefault()?.Id);
    }
}

/// <summary>One model.</summary>
/// <param name="Id">The name by which requests choose it.</param>
/// <param name="CreatedAt">When this server loaded it.</param>
public sealed record ModelInfo(string Id, DateTimeOffset CreatedAt)
{
    /// <summary>Always <c>model</c>.</summary>
    public string Type { get; } = "model";

    /// <summary>The same as <see cref="Id"/>.</summary>
    public string DisplayName => Id;
}
