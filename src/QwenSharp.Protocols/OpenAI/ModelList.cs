namespace QwenSharp.Protocols.OpenAI;

/// <summary>The reply of <c>GET /v1/models</c>.</summary>
/// <param name="Data">The models that this server has.</param>
public sealed record ModelList(IReadOnlyList<ModelCard> Data)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; } = "list";
}

/// <summary>One model.</summary>
/// <param name="Id">The name by which requests choose it.</param>
/// <param name="Created">When this server loaded it, in seconds of Unix time.</param>
public sealed record ModelCard(string Id, long Created)
{
    /// <summary>Always <c>model</c>.</summary>
    public string Object { get; } = "model";

    /// <summary>Always <c>qwensharp</c>.</summary>
    public string OwnedBy { get; } = "qwensharp";
}
