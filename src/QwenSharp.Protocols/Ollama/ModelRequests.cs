using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Ollama;

/// <summary>A request about one model: <c>/api/show</c>, <c>/api/delete</c>, <c>/api/pull</c>.</summary>
/// <param name="Model">Which.</param>
/// <param name="Stream">Whether what goes on comes line by line.</param>
/// <param name="Verbose">Whether everything is told.</param>
public sealed record ModelRequest(string Model, bool Stream, bool Verbose)
{
    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static ModelRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        string model = GenerationFields.ReadModel(fields, fields.Take("name"));
        bool stream = fields.Take("stream")?.Boolean() ?? true;
        bool verbose = fields.Take("verbose")?.Boolean() ?? false;
        fields.Refuse(
            "insecure",
            GenerationFields.IsFalse,
            "is not honoured: hubs are asked as the server was told to. Only false is accepted.");
        fields.Refuse("system", GenerateRequest.IsEmptyText, "is not honoured; create a model of this one.");
        fields.Refuse("template", GenerateRequest.IsEmptyText, "is not honoured: the model's own template is used.");
        fields.Refuse("options", options => options.ValueKind == JsonValueKind.Object && !options.EnumerateObject().Any(),
            "are not honoured; create a model of this one.");
        GenerationFields.TakeHeaders(fields);
        fields.RefuseRest();
        return new ModelRequest(model, stream, verbose);
    }
}

/// <summary>A <c>POST /api/copy</c>.</summary>
/// <param name="Source">Which model.</param>
/// <param name="Destination">The further name.</param>
public sealed record CopyRequest(string Source, string Destination)
{
    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static CopyRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        CopyRequest request = new(fields.Require("source").String(), CreateRequest.ReadName(fields.Require("destination")));
        GenerationFields.TakeHeaders(fields);
        fields.RefuseRest();
        return request;
    }
}

/// <summary>A <c>POST /api/create</c>: a model of another, or of uploaded weights, with settings of its own.</summary>
/// <param name="Model">Its name.</param>
/// <param name="From">The model that it is made of; null where weights are given.</param>
/// <param name="Digest">The digest of the uploaded weights; null where a model is given.</param>
/// <param name="Preset">What it settles.</param>
/// <param name="Licenses">Its licences.</param>
/// <param name="Stream">Whether what goes on comes line by line.</param>
public sealed record CreateRequest(
    string Model, string? From, string? Digest, ModelPreset Preset, IReadOnlyList<string> Licenses, bool Stream)
{
    private const int MaxName = 200;

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static CreateRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        RequestValue? former = fields.Take("name");
        RequestValue name = fields.Take("model") ?? former ?? fields.Require("model");
        string? from = fields.Take("from")?.String();
        string? digest = fields.Take("files") is { } files ? ReadFiles(files) : null;
        if (from is null == digest is null)
        {
            throw name.Conflict(
                $"A model is made {new OptionName("from")} another or of {new OptionName("files")}: give one of them.");
        }

        bool stream = fields.Take("stream")?.Boolean() ?? true;
        ModelPreset preset = OptionsReader.Read(fields.Take("parameters")) with
        {
            System = fields.Take("system")?.String() is { Length: > 0 } system ? system : null,
            Messages = fields.Take("messages") is { } messages ? [.. messages.Items().Select(ReadMessage)] : [],
        };
        IReadOnlyList<string> licenses = fields.Take("license") is { } license ? ReadLicenses(license) : [];
        fields.Refuse("template", GenerateRequest.IsEmptyText, "is not honoured: the model's own template is used.");
        fields.Refuse("quantize", GenerateRequest.IsEmptyText, "is not honoured: quantise the file before it is uploaded.");
        fields.Refuse("quantization", GenerateRequest.IsEmptyText, "is not honoured: quantise the file before it is uploaded.");
        fields.Refuse("adapters", adapters => adapters.ValueKind == JsonValueKind.Object && !adapters.EnumerateObject().Any(),
            "are not honoured: adapters are given when the server is started.");
        const string Older = "is the older form; use 'from', 'files', 'system' and 'parameters'.";
        fields.Refuse("modelfile", GenerateRequest.IsEmptyText, Older);
        fields.Refuse("path", GenerateRequest.IsEmptyText, Older);

        GenerationFields.TakeHeaders(fields);
        fields.RefuseRest();
        return new CreateRequest(ReadName(name), from, digest, preset, licenses, stream);
    }

    /// <summary>A name for a model: letters, digits and what stands between them.</summary>
    internal static string ReadName(RequestValue value)
    {
        string name = value.String();
        return name.Length is > 0 and <= MaxName
            && char.IsAsciiLetterOrDigit(name[0])
            && name.All(letter => char.IsAsciiLetterOrDigit(letter) || "_-.:/".Contains(letter))
            ? name
            : throw value.Invalid(
                $"is '{Excerpt.Of(name)}'; a name has 1 to {MaxName} of the letters a to z and A to Z, digits, '_', '-', '.', ':' and '/', "
                    + "and begins with a letter or a digit.");
    }

    private static string ReadFiles(RequestValue value)
    {
        value.Fields();
        JsonProperty[] files = [.. value.Element.EnumerateObject()];
        if (files is not [var file] || file.Value.ValueKind != JsonValueKind.String)
            throw value.Unsupported("must name one GGUF file and its digest.");

        return file.Value.GetString()!;
    }

    private static PresetMessage ReadMessage(RequestValue value)
    {
        RequestFields fields = value.Fields();
        RequestValue role = fields.Require("role");
        if (role.String() is not ("system" or "user" or "assistant"))
            throw role.Invalid($"must be system, user or assistant, not '{Excerpt.Of(role.String())}'.");

        string content = fields.Require("content").String();
        fields.RefuseRest();
        return new PresetMessage(role.String(), content);
    }

    private static IReadOnlyList<string> ReadLicenses(RequestValue value) =>
        value.IsString ? [value.String()] : [.. value.Items().Select(item => item.String())];
}

/// <summary>A <c>POST /api/embed</c> or the older <c>/api/embeddings</c>.</summary>
/// <param name="Model">Which model.</param>
/// <param name="Texts">What to embed.</param>
/// <param name="Dimensions">How many elements to keep; null for all.</param>
/// <param name="Truncate">Whether texts longer than the context lose their ends.</param>
/// <param name="KeepAlive">How long the model stays afterwards.</param>
public sealed record EmbedRequest(string Model, IReadOnlyList<string> Texts, int? Dimensions, bool Truncate, TimeSpan? KeepAlive)
{
    /// <summary>Reads the body of <c>/api/embed</c>.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static EmbedRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        IReadOnlyList<string> texts = fields.Take("input") is not { } input ? []
            : input.IsString ? [input.String()]
            : [.. input.Items().Select(item => item.String())];
        int? dimensions = (int?)fields.Take("dimensions")?.Integer(0, int.MaxValue);
        return End(fields, texts, dimensions is 0 ? null : dimensions, fields.Take("truncate")?.Boolean() ?? true);
    }

    /// <summary>Reads the body of <c>/api/embeddings</c>.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static EmbedRequest ReadOlder(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        string prompt = fields.Take("prompt")?.String() ?? "";
        return End(fields, prompt.Length > 0 ? [prompt] : [], null, truncate: true);
    }

    private static EmbedRequest End(RequestFields fields, IReadOnlyList<string> texts, int? dimensions, bool truncate)
    {
        // They are those of answers, but for where a model computes; each is checked.
        OptionsReader.Read(fields.Take("options"));
        TimeSpan? keepAlive = Ollama.KeepAlive.Read(fields);
        string model = GenerationFields.ReadModel(fields);
        GenerationFields.TakeHeaders(fields);
        fields.RefuseRest();
        return new EmbedRequest(model, texts, dimensions, truncate, keepAlive);
    }
}
