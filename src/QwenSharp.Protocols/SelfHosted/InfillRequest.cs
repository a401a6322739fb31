using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.SelfHosted;

/// <summary>A <c>POST /infill</c>, llama-server's: what stands between two pieces of a file.</summary>
public sealed record InfillRequest
{
    private const int MaxStops = 16;

    /// <summary>Which model is asked; null where the request leaves that to the server.</summary>
    public string? Model { get; init; }

    /// <summary>What is to be filled in.</summary>
    public required CompletionPrompt Prompt { get; init; }

    /// <summary>Whether the answer comes as server-sent events.</summary>
    public bool Stream { get; init; }

    /// <summary>Sampling and limits.</summary>
    public required ChatOptions Options { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static InfillRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        InfillRequest request = new()
        {
            Model = fields.Take("model")?.String(),
            Prompt = ReadPrompt(fields),
            Stream = fields.Take("stream")?.Boolean() ?? false,
            Options = ReadOptions(fields),
        };
        fields.Take("cache_prompt")?.Boolean();
        fields.Refuse("id_slot", value => Is(value, -1), "is not built: sequences have no places of their own. Only -1 is accepted.");
        fields.Refuse("n_probs", value => Is(value, 0), "is not built; 'logprobs' of /v1/completions gives the same. Only 0 is accepted.");
        fields.Refuse("n_indent", value => Is(value, 0), "is not built. Only 0 is accepted.");
        fields.RefuseRest();
        return request;
    }

    // What is written already behind the prefix is part of it.
    private static CompletionPrompt ReadPrompt(RequestFields fields)
    {
        string prefix = fields.Require("input_prefix").String(), suffix = fields.Require("input_suffix").String();
        return new CompletionPrompt
        {
            Preamble = fields.Take("input_extra") is { } extra ? ReadExtra(extra) : null,
            Text = prefix + fields.Take("prompt")?.String(),
            Suffix = suffix,
        };
    }

    // Other files of the repository, in the form of Qwen2.5-Coder.
    private static string? ReadExtra(RequestValue value)
    {
        StringBuilder files = new();
        foreach (RequestValue item in value.Items())
        {
            RequestFields file = item.Fields();
            string name = file.Take("filename")?.String() ?? "tmp";
            files.Append("<|file_sep|>").Append(name).Append('\n').Append(file.Require("text").String()).Append('\n');
            file.RefuseRest();
        }

        return files.Length > 0 ? $"<|repo_name|>repository\n{files}<|file_sep|>file\n" : null;
    }

    private static ChatOptions ReadOptions(RequestFields fields)
    {
        ChatOptions options = new()
        {
            Temperature = fields.Take("temperature")?.Number(0, 2),
            TopK = fields.Take("top_k")?.Integer(-1, int.MaxValue) is { } k ? (int)Math.Max(k, 0) : null,
            TopP = fields.Take("top_p")?.Number(0, 1) is { } p ? Math.Max(p, float.Epsilon) : null,
            PresencePenalty = fields.Take("presence_penalty")?.Number(-2, 2),
            FrequencyPenalty = fields.Take("frequency_penalty")?.Number(-2, 2),
            Seed = fields.Take("seed")?.Integer(long.MinValue, long.MaxValue) is { } seed and not -1 ? seed : null,
            MaxOutputTokens = fields.Take("n_predict")?.Integer(-1, int.MaxValue) is { } most and not -1 ? (int)most : null,
            StopSequences = ReadStop(fields),
            AdditionalProperties = [],
        };
        if (fields.Take("min_p")?.Number(0, 1) is { } minP)
            options.AdditionalProperties[ChatOptionKeys.MinP] = minP;

        if (fields.Take("repeat_penalty")?.Number(0.01, 100) is { } repeat)
            options.AdditionalProperties[ChatOptionKeys.RepetitionPenalty] = repeat;

        return options;
    }

    private static List<string>? ReadStop(RequestFields fields)
    {
        if (fields.Take("stop") is not { } stop)
            return null;

        List<string> stops = [.. stop.Items().Select(item => item.String())];
        return stops.Count <= MaxStops && !stops.Contains("")
            ? stops
            : throw stop.Invalid($"may hold at most {MaxStops} texts, none of them empty.");
    }

    private static bool Is(JsonElement value, double number) => value.ValueKind == JsonValueKind.Number && value.GetDouble() == number;
}
