namespace QwenSharp.Hub;

/// <summary>Where models come from, where they are kept, and how they are transferred.</summary>
public sealed record HubOptions
{
    /// <summary>Hugging Face or a mirror of it.</summary>
    public Uri HuggingFaceEndpoint { get; init; } = new("https://huggingface.co");

    /// <summary>An access token for <see cref="HuggingFaceEndpoint"/>; it is sent there and nowhere else.</summary>
    public string? HuggingFaceToken { get; init; }

    /// <summary>The folder of <c>models--ORG--NAME</c> folders that huggingface_hub, llama.cpp and others share.</summary>
    public string HuggingFaceCache { get; init; } = Path.Combine(Home(), ".cache", "huggingface", "hub");

    /// <summary>ModelScope or a mirror of it.</summary>
    public Uri ModelScopeEndpoint { get; init; } = new("https://www.modelscope.cn");

    /// <summary>An access token for <see cref="ModelScopeEndpoint"/>; it is sent there and nowhere else.</summary>
    public string? ModelScopeToken { get; init; }

    /// <summary>The folder that holds ModelScope's <c>models/ORG/NAME</c>.</summary>
    public string ModelScopeCache { get; init; } = Path.Combine(Home(), ".cache", "modelscope", "hub");

    /// <summary>Refuse to use the network.</summary>
    public bool Offline { get; init; }

    /// <summary>Connections that transfer ranges of one large file.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>How long a connection may be silent before it counts as broken.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The clock that pauses between attempts are measured with.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Bytes of a file that one request transfers.</summary>
    internal long RangeSize { get; init; } = 64L << 20;

    /// <summary>Bytes of a range between two marks of what is safely on disk.</summary>
    internal long MarkSize { get; init; } = 8L << 20;

    /// <summary>Whether snapshots are symbolic links, where the system allows them.</summary>
    internal bool SymbolicLinks { get; init; } = true;

    /// <summary>Bytes free for a file of this path; null where it is not known.</summary>
    internal Func<string, long?> FreeSpace { get; init; } = DiskSpace.FreeAt;

    /// <summary>
    /// The options that the usual environment variables ask for: <c>HF_ENDPOINT</c>, <c>HF_TOKEN</c>, <c>HUGGING_FACE_HUB_TOKEN</c>,
    /// <c>HF_TOKEN_PATH</c>,
    /// <c>HF_HOME</c>, <c>HF_HUB_CACHE</c>, <c>HUGGINGFACE_HUB_CACHE</c>, <c>HF_HUB_OFFLINE</c>, <c>XDG_CACHE_HOME</c>,
    /// <c>MODELSCOPE_DOMAIN</c>,
    /// <c>MODELSCOPE_API_TOKEN</c>, <c>MODELSCOPE_CACHE</c>. Proxies are .NET's own (<c>HTTPS_PROXY</c>, <c>NO_PROXY</c>).
    /// </summary>
    /// <param name="variable">Looks a variable up; null for the process's environment.</param>
    /// <exception cref="HubException">A variable holds no address.</exception>
    public static HubOptions FromEnvironment(Func<string, string?>? variable = null)
    {
        string? Read(string name) => (variable ?? Environment.GetEnvironmentVariable)(name)?.Trim() is { Length: > 0 } value ? value : null;
        string? Folder(string name) => Read(name) is { } path ? Expand(path) : null;

        HubOptions defaults = new();
        string home = Folder("HF_HOME") ?? Path.Combine(Folder("XDG_CACHE_HOME") ?? Path.Combine(Home(), ".cache"), "huggingface");
        return defaults with
        {
            HuggingFaceEndpoint = Read("HF_ENDPOINT") is { } mirror ? Address(mirror, "HF_ENDPOINT") : defaults.HuggingFaceEndpoint,
            HuggingFaceToken =
                Read("HF_TOKEN") ?? Read("HUGGING_FACE_HUB_TOKEN") ?? TokenIn(Folder("HF_TOKEN_PATH") ?? Path.Combine(home, "token")),
            HuggingFaceCache = Folder("HF_HUB_CACHE") ?? Folder("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub"),
            ModelScopeEndpoint = Read("MODELSCOPE_DOMAIN") is { } domain
                ? Address(domain.Contains("://", StringComparison.Ordinal) ? domain : $"https://{domain}", "MODELSCOPE_DOMAIN")
                : defaults.ModelScopeEndpoint,
            ModelScopeToken = Read("MODELSCOPE_API_TOKEN"),
            ModelScopeCache = Folder("MODELSCOPE_CACHE") ?? defaults.ModelScopeCache,
            Offline = Read("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE",
        };
    }

    /// <summary>The address of a hub, as a person wrote it.</summary>
    /// <param name="text">An absolute http or https address.</param>
    /// <param name="from">The variable or option that holds it.</param>
    /// <exception cref="HubException">It is no such address.</exception>
    public static Uri Address(string text, string from) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" && address.UserInfo.Length == 0
            ? address
            : throw new HubException($"{from} must be an address such as https://huggingface.co, not '{text}'.");

    internal Uri EndpointOf(HubKind hub) => hub == HubKind.ModelScope ? ModelScopeEndpoint : HuggingFaceEndpoint;

    private static string? TokenIn(string path) =>
        File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } token ? token : null;

    private static string Expand(string path) =>
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? Home() + path[1..] : Path.GetFullPath(path);

    private static string Home() =>
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
}
