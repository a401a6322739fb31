using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Ollama;

/// <summary>The <c>options</c> of a request, and the <c>parameters</c> of a model that is created.</summary>
internal static class OptionsReader
{
    private const int MaxStops = 64;

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

    // What changes where a model computes and how fast, never what it says: this server decides that when it starts.
    private static void TakePlacement(RequestFields fields)
    {
        Count(fields.Take("num_batch"));
        Count(fields.Take("num_gpu"));
        Count(fields.Take("main_gpu"));
        Count(fields.Take("num_thread"));
        fields.Take("use_mmap")?.Boolean();
        fields.Take("use_mlock")?.Boolean();
        fields.Take("low_vram")?.Boolean();
        fields.Take("numa")?.Boolean();
        fields.Take("f16_kv")?.Boolean();

        // How much of a conversation stays when its beginning is thrown away, which does not happen here.
        Count(fields.Take("num_keep"));
        const string NotHonoured = "is not honoured; only false is accepted.";
        fields.Refuse("vocab_only", GenerationFields.IsFalse, NotHonoured);
        fields.Refuse("logits_all", GenerationFields.IsFalse, NotHonoured);
        fields.Refuse("embedding_only", GenerationFields.IsFalse, NotHonoured);
    }

    private static void Count(RequestValue? value) => value?.Integer(int.MinValue, int.MaxValue);

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
