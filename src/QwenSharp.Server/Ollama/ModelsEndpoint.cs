using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Protocols.Ollama;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Ollama;

/// <summary><c>GET /api/tags</c>, <c>GET /api/ps</c> and <c>POST /api/show</c>.</summary>
internal sealed class ModelsEndpoint(DialectService service, ModelFacts facts)
{
    // What clients read as "it stays".
    private const int Forever = 100;

    public Task ListAsync(HttpContext http) => JsonReply.SendAsync(
        http,
        new ModelListReply([.. service.Models.All.Select(entry => Card(entry) with { ModifiedAt = entry.Since.UtcDateTime })]),
        OllamaJson.Default.ModelListReply);

    public Task ListLoadedAsync(HttpContext http) => JsonReply.SendAsync(
        http,
        new ModelListReply([.. service.Models.Loaded.Select(loaded => Card(loaded.Entry) with
        {
            ExpiresAt = loaded.Expires?.UtcDateTime ?? DateTime.UtcNow.AddYears(Forever),
            SizeVram = 0,
            ContextLength = loaded.ContextLength,
        })]),
        OllamaJson.Default.ModelListReply);

    public async Task ShowAsync(HttpContext http)
    {
        using JsonDocument body =
            await RequestBody.ReadAsync(http.Request, http.RequestAborted, declared: false).ConfigureAwait(false);
        ModelRequest request = ModelRequest.Read(body.RootElement);
        ModelEntry entry = OllamaNames.Find(service.Models, request.Model, advice: "");
        QwenModelInfo? info = request.Verbose ? ModelFacts.AllOf(entry) : facts.Of(entry);
        string[] parameters = [.. Parameters(entry.Preset ?? new ModelPreset())];
        string? license = entry.Created?.Licenses is { Count: > 0 } licenses ? string.Join("\n", licenses) : null;
        ShowReply reply = new(
            Modelfile(entry, parameters),
            string.Join("\n", parameters),
            info?.Template ?? "",
            Details(entry, info),
            Metadata(info),
            Capabilities(info),
            entry.Since.UtcDateTime)
        {
            License = license,
            System = entry.Preset?.System,
            Messages = entry.Preset?.Messages is { Count: > 0 } messages ? messages : null,
            Tensors = request.Verbose ? [.. (info?.Tensors ?? []).Select(one => new ReplyTensor(one.Name, one.Type, one.Shape))] : null,
        };
        await JsonReply.SendAsync(http, reply, OllamaJson.Default.ShowReply).ConfigureAwait(false);
    }

    private ModelReply Card(ModelEntry entry)
    {
        string name = OllamaNames.Tagged(entry.Name);
        QwenModelInfo? info = facts.Of(entry);
        return new ModelReply(name, name, info?.Bytes ?? 0, facts.DigestOf(entry), Details(entry, info));
    }

    private static ModelDetails Details(ModelEntry entry, QwenModelInfo? info)
    {
        string family = info?.Architecture ?? "";
        return new ModelDetails(
            entry.Created is { Path: null } created ? created.From : "",
            info?.Format ?? "",
            family,
            family.Length > 0 ? [family] : [],
            info is null ? "" : Count(info.Parameters),
            info?.WeightType ?? "");
    }

    private static string Count(long parameters) => parameters switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e9:0.0}B"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e6:0.00}M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e3:0.00}K"),
    };

    private static string[] Capabilities(QwenModelInfo? info) => info switch
    {
        null => ["completion"],
        { Embeds: true } => ["embedding"],
        _ =>
        [
            "completion",
            .. info.CallsTools ? ["tools"] : (string[])[],
            .. info.Reasons ? ["thinking"] : (string[])[],
            .. info.FillsIn ? ["insert"] : (string[])[],
        ],
    };

    // The template is a field of its own.
    private static Dictionary<string, JsonNode?> Metadata(QwenModelInfo? info)
    {
        Dictionary<string, JsonNode?> metadata = [];
        foreach ((string key, JsonNode? value) in info?.Metadata ?? new Dictionary<string, JsonNode?>())
        {
            if (key != "tokenizer.chat_template" && value is not null)
                metadata[key] = value;
        }

        if (info is not null)
            metadata["general.parameter_count"] = info.Parameters;

        return metadata;
    }

    private static IEnumerable<string> Parameters(ModelPreset preset)
    {
        (string Name, object? Value)[] all =
        [
            ("temperature", preset.Temperature), ("top_k", preset.TopK), ("top_p", preset.TopP), ("min_p", preset.MinP),
            ("repeat_penalty", preset.RepetitionPenalty), ("presence_penalty", preset.PresencePenalty),
            ("frequency_penalty", preset.FrequencyPenalty), ("seed", preset.Seed), ("num_predict", preset.MaxOutputTokens),
            ("num_ctx", preset.ContextLength),
        ];
        return all
            .Where(parameter => parameter.Value is not null)
            .Select(parameter => string.Create(CultureInfo.InvariantCulture, $"{parameter.Name,-30} {parameter.Value}"))
            .Concat((preset.Stop ?? []).Select(stop => $"{"stop",-30} \"{JsonEncodedText.Encode(stop)}\""));
    }

    private static string Modelfile(ModelEntry entry, string[] parameters)
    {
        StringBuilder text = new($"FROM {entry.Created?.From ?? entry.Name}\n");
        if (entry.Preset?.System is { } system)
            text.Append($"SYSTEM \"\"\"{system}\"\"\"\n");

        foreach (string parameter in parameters)
            text.Append($"PARAMETER {parameter}\n");

        foreach (PresetMessage message in entry.Preset?.Messages ?? [])
            text.Append($"MESSAGE {message.Role} \"\"\"{message.Content}\"\"\"\n");

        return text.ToString();
    }
}
