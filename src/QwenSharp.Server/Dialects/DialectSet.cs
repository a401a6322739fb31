namespace QwenSharp.Server.Dialects;

/// <summary>The dialects of a server. The first also speaks where no other is meant.</summary>
internal sealed class DialectSet(IReadOnlyList<IDialect> dialects)
{
    /// <summary>Adds the routes of all.</summary>
    public void Map(IEndpointRouteBuilder routes, DialectService service)
    {
        foreach (IDialect dialect in dialects)
            dialect.Map(routes.MapGroup("").WithMetadata(dialect), service);
    }

    /// <summary>The dialect of a request: that of its route, or the one whose path it is.</summary>
    public IDialect Of(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<IDialect>()
        ?? dialects.FirstOrDefault(dialect => dialect.Owns(http.Request.Path))
        ?? dialects[0];
}
