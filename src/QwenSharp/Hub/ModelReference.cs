namespace QwenSharp.Hub;

/// <summary>
/// A model on a hub, as people write it: a short name (<c>qwen3:4b</c>), a repository (<c>ORG/NAME</c>), either with a quantisation
/// (<c>qwen3:4b:Q8_0</c>,
/// <c>ORG/NAME:Q8_0</c>), or the address of a repository or of a file in one.
/// </summary>
public sealed record ModelReference
{
    private static readonly string[] HuggingFaceHosts = ["huggingface.co", "www.huggingface.co", "hf.co", "hf-mirror.com"];
    private static readonly string[] ModelScopeHosts = ["modelscope.cn", "www.modelscope.cn", "modelscope.ai", "www.modelscope.ai"];

    // What ends in these is a file on this machine, there or not.
    private static readonly string[] FileExtensions = [".gguf", ".json", ".jinja", ".safetensors", ".logits"];

    /// <summary>As it was written.</summary>
    public required string Name { get; init; }

    /// <summary>The repository: ORG/NAME.</summary>
    public required string Repo { get; init; }

    /// <summary>The hub; null where the text does not say.</summary>
    public HubKind? Hub { get; init; }

    /// <summary>The branch, tag or commit; null for the hub's default.</summary>
    public string? Revision { get; init; }

    /// <summary>The quantisation, or the name of a GGUF file; null for the only one, or Q4_K_M.</summary>
    public string? Quant { get; init; }

    /// <summary>One file, where an address names it.</summary>
    public string? File { get; init; }

    /// <summary>Reads a model's name.</summary>
    /// <param name="text">What a person wrote.</param>
    /// <param name="options">Endpoints whose addresses are understood beside the hubs' own; null for none.</param>
    /// <exception cref="HubException">It is none; the message says what is.</exception>
    public static ModelReference Parse(string text, HubOptions? options = null)
    {
        if (TryParse(text, options) is { } model)
            return model;

        IReadOnlyList<string> family = [.. ModelNames.SizesOf(text)];
        throw family.Count > 0
            ? new HubException($"'{text}' comes in several sizes: {string.Join(", ", family)}.")
            : new HubException(
                $"'{text}' names no model. Give a short name, a repository such as Qwen/Qwen3-4B-GGUF or "
                    + "Qwen/Qwen3-4B-GGUF:Q8_0, or its address on huggingface.co or modelscope.cn.",
                HubRemedy.ListNames);
    }

    /// <summary>Reads a model's name; null where the text cannot be one.</summary>
    public static ModelReference? TryParse(string text, HubOptions? options = null)
    {
        if (FromTable(text) is { } known)
            return known;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https")
            return FromAddress(text, address, options ?? new HubOptions());
        if (HuggingFaceHosts.Concat(ModelScopeHosts).Any(host => text.StartsWith(host + "/", StringComparison.OrdinalIgnoreCase)))
            return FromAddress(text, new Uri("https://" + text), options ?? new HubOptions());

        (string repo, string? quant) = SplitQuant(text);
        return RepoNames.IsRepo(repo) && !FileExtensions.Any(extension => repo.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
            ? new ModelReference { Name = text, Repo = repo, Quant = quant }
            : null;
    }

    private static ModelReference? FromTable(string text)
    {
        string? quant = null;
        if (!ModelNames.All.TryGetValue(text, out string? entry))
        {
            (string name, quant) = SplitQuant(text);
            if (quant is null || !ModelNames.All.TryGetValue(name, out entry))
                return null;
        }

        (string repo, string? usual) = SplitQuant(entry);
        return new ModelReference { Name = text, Repo = repo, Quant = quant ?? usual };
    }

    // …/ORG/NAME, …/ORG/NAME/tree/REV, …/ORG/NAME/resolve/REV/FILE or /blob/; on ModelScope below /models, with /files, /summary or
    // /file/view/REV/FILE.
    private static ModelReference? FromAddress(string text, Uri address, HubOptions options)
    {
        HubKind? hub = Belongs(address, options.HuggingFaceEndpoint, HuggingFaceHosts) ? HubKind.HuggingFace
            : Belongs(address, options.ModelScopeEndpoint, ModelScopeHosts) ? HubKind.ModelScope
            : null;
        string[] parts = Uri.UnescapeDataString(address.AbsolutePath).Trim('/').Split('/');
        if (hub == HubKind.ModelScope && parts is ["models", .. var rest])
            parts = rest;
        if (hub is null || parts.Length < 2)
            return null;

        (string name, string? quant) = SplitQuant(parts[1]);
        ModelReference model = new() { Name = text, Hub = hub, Repo = $"{parts[0]}/{name}", Quant = quant };
        if (!RepoNames.IsRepo(model.Repo))
            return null;

        return parts[2..] switch
        {
            [] or ["files"] or ["summary"] => model,
            ["tree", var revision] => model with { Revision = revision },
            ["resolve" or "blob", var revision, .. { Length: > 0 } file] => model with
            {
                Revision = revision,
                File = string.Join('/', file),
            },
            ["file", "view", var revision, .. { Length: > 0 } file] => model with { Revision = revision, File = string.Join('/', file) },
            _ => null,
        };
    }

    private static bool Belongs(Uri address, Uri endpoint, string[] hosts) =>
        address.Authority.Equals(endpoint.Authority, StringComparison.OrdinalIgnoreCase)
        || hosts.Contains(address.Host, StringComparer.OrdinalIgnoreCase);

    private static (string Head, string? Quant) SplitQuant(string text) =>
        text.LastIndexOf(':') is > 0 and var at && at < text.Length - 1 ? (text[..at], text[(at + 1)..]) : (text, null);
}
