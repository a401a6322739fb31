using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Providers;
using YamlDotNet.RepresentationModel;

namespace QwenSharp.Cli.Config;

/// <summary>One of the <c>providers</c> of a configuration. Its secrets are where it says, and are read when they are needed.</summary>
internal sealed class ProviderEntry
{
    private const string KindKey = "kind", AddressKey = "base_url", VariableKey = "api_key_env", FileKey = "api_key_file";
    private const string AccessKey = "aws_access_key_id_env", SecretKey = "aws_secret_access_key_env", SessionKey = "aws_session_token_env";

    // Addresses that the clouds' own documents give; the others depend on a region, a resource or where somebody's server is.
    private static readonly Dictionary<ProviderKind, string> Addresses = new()
    {
        [ProviderKind.OpenAI] = "https://api.openai.com",
        [ProviderKind.OpenAIResponses] = "https://api.openai.com",
        [ProviderKind.Anthropic] = "https://api.anthropic.com",
        [ProviderKind.Gemini] = "https://generativelanguage.googleapis.com",
        [ProviderKind.DeepSeek] = "https://api.deepseek.com",
        [ProviderKind.Mistral] = "https://api.mistral.ai",
        [ProviderKind.OpenRouter] = "https://openrouter.ai",
        [ProviderKind.Ollama] = "http://127.0.0.1:11434",
    };

    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    private readonly string _path;
    private readonly ProviderPlace _place;

    private ProviderEntry(string path, long line, ProviderPlace place) => (_path, Line, _place) = (path, line, place);

    /// <summary>The keys that a provider may have.</summary>
    public static IReadOnlyList<string> Keys { get; } =
    [
        KindKey, AddressKey, VariableKey, FileKey, "headers", "region", "project", "organization", "api_version", AccessKey, SecretKey,
        SessionKey, "connect_timeout", "first_byte_timeout", "stall_timeout", "data_classes",
    ];

    /// <summary>Its name.</summary>
    public string Name => _place.Settings.Name;

    /// <summary>Where it stands, from 1.</summary>
    public long Line { get; }

    private string? Variable { get; init; }

    private string? File { get; init; }

    private (string Access, string Secret, string Session)? Aws { get; init; }

    /// <summary>Reads one; null where something is wrong with it.</summary>
    /// <param name="path">The configuration.</param>
    /// <param name="name">The provider's name.</param>
    /// <param name="map">Its keys.</param>
    /// <param name="problems">Hears what is wrong.</param>
    public static ProviderEntry? Read(string path, string name, YamlMappingNode map, List<ConfigProblem> problems)
    {
        int before = problems.Count;
        YamlKeys keys = new(path, map, Keys, problems);
        ProviderKind? kind = ReadKind(keys);
        Uri? address = kind is { } known ? ReadAddress(keys, known) : null;
        string? variable = keys.Text(VariableKey), file = keys.Text(FileKey);
        if (variable is not null && file is not null)
            keys.Fault(keys.At(FileKey), $"{VariableKey} and {FileKey} both say where the key is. Give one of them.");

        if (kind is null || address is null)
            return null;

        bool signs = kind == ProviderKind.Bedrock && variable is null && file is null;
        ProviderSettings settings = new(name, kind.Value, address)
        {
            Headers = keys.Named("headers"),
            Region = keys.Text("region"),
            Project = keys.Text("project"),
            Organization = keys.Text("organization"),
            ApiVersion = keys.Text("api_version"),
        };
        settings = settings with
        {
            ConnectTimeout = Seconds(keys, "connect_timeout") ?? settings.ConnectTimeout,
            FirstByteTimeout = Seconds(keys, "first_byte_timeout") ?? settings.FirstByteTimeout,
            StallTimeout = Seconds(keys, "stall_timeout") ?? settings.StallTimeout,
        };
        ProviderEntry entry = new(path, map.Start.Line, new ProviderPlace(settings) { DataClasses = keys.Texts("data_classes") })
        {
            Variable = variable,
            File = file,
            Aws = signs
                ? (keys.Text(AccessKey) ?? "AWS_ACCESS_KEY_ID",
                    keys.Text(SecretKey) ?? "AWS_SECRET_ACCESS_KEY",
                    keys.Text(SessionKey) ?? "AWS_SESSION_TOKEN")
                : null,
        };
        return problems.Count == before ? entry : null;
    }

    /// <summary>The provider with its secrets.</summary>
    /// <exception cref="UsageException">A secret is not where the configuration says.</exception>
    public ProviderPlace Open() => _place with
    {
        Settings = _place.Settings with
        {
            ApiKey = Variable is { } variable ? Secret(variable) : File is { } file ? ReadFile(file) : null,
            Aws = Aws is var (access, secret, session)
                ? new AwsCredentials(Secret(access), Secret(secret), Environment.GetEnvironmentVariable(session))
                : null,
        },
    };

    /// <summary>What it is, for who checks the configuration.</summary>
    public string Describe()
    {
        string key = Variable is { } variable ? $", key from {variable}{(IsSet(variable) ? "" : ", which is not set")}"
            : File is { } file ? $", key from {file}{(System.IO.File.Exists(file) ? "" : ", which is not there")}"
            : Aws is var (access, _, _) ? $", signed with {access}{(IsSet(access) ? "" : ", which is not set")}"
            : "";
        string classes = _place.DataClasses.Count > 0 ? $", for data of the class {string.Join(", ", _place.DataClasses)}" : "";
        return $"{ProviderKinds.Word(_place.Settings.Kind)} at {_place.Settings.BaseUrl}{key}{classes}";
    }

    /// <summary>Whether data of a class may go there.</summary>
    public bool Admits(string dataClass) => _place.DataClasses.Contains(dataClass);

    private static ProviderKind? ReadKind(YamlKeys keys)
    {
        if (keys.Node(KindKey) is null)
        {
            keys.Fault(keys.Map, $"A provider needs the key 'kind', one of {string.Join(", ", ProviderKinds.All)}.");
            return null;
        }

        string? word = keys.Text(KindKey);
        ProviderKind? kind = ProviderKinds.Parse(word);
        if (kind is null && word is not null)
        {
            string hint = Spelling.Hint(word, ProviderKinds.All);
            string known = hint.Length > 0 ? hint : $" There are {string.Join(", ", ProviderKinds.All)}.";
            keys.Fault(keys.At(KindKey), $"kind may not be '{word}'.{known}");
        }

        return kind;
    }

    private static Uri? ReadAddress(YamlKeys keys, ProviderKind kind)
    {
        string? text = keys.Text(AddressKey) ?? Addresses.GetValueOrDefault(kind);
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https")
            return address;

        keys.Fault(
            keys.At(AddressKey),
            text is null
                ? $"A provider of the kind {ProviderKinds.Word(kind)} needs the key 'base_url', its address."
                : $"base_url must be an address that begins with http:// or https://, not '{text}'.");
        return null;
    }

    private static TimeSpan? Seconds(YamlKeys keys, string key) =>
        keys.Number(key, 0.001, LongestTime.TotalSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static bool IsSet(string variable) => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(variable));

    private string Secret(string variable) => IsSet(variable)
        ? Environment.GetEnvironmentVariable(variable)!.Trim()
        : throw new UsageException($"{_path}:{Line}: The key of '{Name}' is to be in the environment as {variable}, and is not there.");

    private string ReadFile(string file)
    {
        try
        {
            string key = System.IO.File.ReadAllText(file).Trim();
            return key.Length > 0 ? key : throw new UsageException($"{_path}:{Line}: {file} is to hold the key of '{Name}', and is empty.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{_path}:{Line}: The key of '{Name}' cannot be read: {fault.Message}");
        }
    }
}
