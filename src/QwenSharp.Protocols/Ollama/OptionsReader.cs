using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Ollama;

/// <summary>The <c>options</c> of a request, and the <c>parameters</c> of a model that is created.</summary>
internal static class OptionsReader
{
    private const int MaxStops = 64;

    /// <summary>What changes where a model computes and how fast, never what it says: this server decides that when it starts.</summary>
    private static readonly string[] Placement = ["num_batch", "num_gpu", "main_gpu", "num_thread"];

    private static readonly string[] PlacementSwitches = ["use_mmap", "use_mlock", "low_vram", "numa", "f16_kv"];

    /// <summary>Reads the options of a request; those of nothing where it has none.</summary>
    public static ChatOptions ReadRequest(RequestFields fields)
    {
        ModelPreset preset = Read(fields.Take("options"));
        return preset.Complete(new ChatOptions { AdditionalProperties = [] });
    }

    /// <summary>Reads options as what a model settles.</summary>
    public static ModelPreset Read(RequestValue? value)
    {
        if (value?.Fields() is not { } fields)
            return new ModelPreset();

        TakePlacement(fields);
        RefuseOtherSamplers(fields);
        ModelPreset preset = new()
        {
            Temperature = fields.Take("temperature")?.Number(0, 100),
            TopK = fields.Take("top_k")?.Integer(int.MinValue, int.MaxValue) is { } k ? (int)Math.Max(k, 0) : null,
            TopP = fields.Take("top_p")?.Number(0, 1) is { } p ? Math.Max(p, float.Epsilon) : null,
            MinP = fields.Take("min_p")?.Number(0, 1),
            RepetitionPenalty = fields.Take("repeat_penalty")?.Number(0.01, 100),
            PresencePenalty = fields.Take("presence_penalty")?.Number(-2, 2),
            FrequencyPenalty = fields.Take("frequency_penalty")?.Number(-2, 2),

            // Below zero it is chosen anew each time, as without one.
            Seed = fields.Take("seed")?.Integer(long.MinValue, long.MaxValue) is { } seed and >= 0 ? seed : null,

            // -1 and 0 are no limit, -2 the end of the context, which ends every answer.
            MaxOutputTokens = fields.Take("num_predict")?.Integer(-2, int.MaxValue) is { } limit and > 0 ? (int)limit : null,
            Stop = ReadStop(fields),

            // Room that is asked for; what a model has more of takes nothing away.
            ContextLength = (int?)fields.Take("num_ctx")?.Integer(1, int.MaxValue),
        };
        preset = ReadWindow(fields, preset);
        fields.RefuseRest();
        return preset;
    }

    private static void TakePlacement(RequestFields fields)
    {
        foreach (string name in Placement)
            fields.Take(name)?.Integer(int.MinValue, int.MaxValue);

        foreach (string name in PlacementSwitches)
            fields.Take(name)?.Boolean();

        // How much of a conversation stays when its beginning is thrown away, which does not happen here.
        fields.Take("num_keep")?.Integer(int.MinValue, int.MaxValue);
        foreach (string name in (string[])["vocab_only", "logits_all", "embedding_only"])
            fields.Refuse(name, value => value.ValueKind == JsonValueKind.False, "is not honoured; only false is accepted.");
    }

    private static void RefuseOtherSamplers(RequestFields fields)
    {
        fields.Refuse("mirostat", value => IsNumber(value, 0), "is not built; only 0, which turns it off, is accepted.");
        fields.Take("mirostat_tau")?.Number(double.MinValue, double.MaxValue);
        fields.Take("mirostat_eta")?.Number(double.MinValue, double.MaxValue);
        fields.Refuse("tfs_z", value => IsNumber(value, 1), "is not built; only 1, which turns it off, is accepted.");
        fields.Refuse("typical_p", value => IsNumber(value, 1), "is not built; only 1, which turns it off, is accepted.");
        fields.Refuse("penalize_newline", value => value.ValueKind == JsonValueKind.True,
            "cannot be turned off: a newline is a token like any other.");
    }

    // Penalties look at the whole sequence.
    private static ModelPreset ReadWindow(RequestFields fields, ModelPreset preset)
    {
        if (fields.Take("repeat_last_n") is not { } value)
            return preset;

        long window = value.Integer(-1, int.MaxValue);
        bool penalizes = preset.RepetitionPenalty is not (null or 1) || preset.PresencePenalty is not (null or 0)
            || preset.FrequencyPenalty is not (null or 0);
        return window switch
        {
            0 => preset with { RepetitionPenalty = 1, PresencePenalty = 0, FrequencyPenalty = 0 },
            > 0 when penalizes => throw value.Unsupported("may be -1 or 0: penalties look at the whole sequence or are off."),
            _ => preset,
        };
    }

    private static IReadOnlyList<string>? ReadStop(RequestFields fields)
    {
        if (fields.Take("stop") is not { } stop)
            return null;

        string[] stops = stop.IsString ? [stop.String()] : [.. stop.Items().Select(item => item.String())];
        if (stops.Length > MaxStops)
            throw stop.Invalid($"may hold at most {MaxStops} strings, not {stops.Length}.");

        return stops.Contains("")
            ? throw stop.Invalid("holds an empty string, at which every answer would stop.")
            : stops.Length > 0 ? stops : null;
    }

    private static bool IsNumber(JsonElement value, double expected) =>
        value.ValueKind == JsonValueKind.Number && value.GetDouble() == expected;
}
