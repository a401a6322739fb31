using System.Text.Json;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>
/// Fields that clients send with the value that asks for what happens anyway, most of them because their library writes every setting. That
/// value is taken; another is refused, and the refusal says why.
/// </summary>
internal static class InertFields
{
    private static readonly Inert[] Shared =
    [
        // vLLM's.
        new("min_tokens", value => Is(value, 0), "is not built: an answer ends where the model ends it. Only 0 is accepted."),
        new("include_stop_str_in_output", IsFalse, "is not built: what ends an answer is no part of it. Only false is accepted."),
        new("skip_special_tokens", IsTrue, "is not built: control tokens are no text. Only true is accepted."),
        new("spaces_between_special_tokens", IsTrue, "is not built: control tokens are no text. Only true is accepted."),
        new("length_penalty", value => Is(value, 1), "belongs to beam search, which is not built. Only 1 is accepted."),
        new("use_beam_search", IsFalse, "is not built: tokens are drawn one after the other. Only false is accepted."),
        new("prompt_logprobs", IsFalse, "is not built for this endpoint; 'echo' with 'logprobs' of /v1/completions gives the same."),
        new("return_token_ids", IsFalse, "is not built; POST /tokenize gives the ids of a text. Only false is accepted."),
        new("return_tokens_as_token_ids", IsFalse, "is not built. Only false is accepted."),

        // llama-server's.
        new("typical_p", value => Is(value, 1), "is a sampler that is not built. Only 1 is accepted."),
        new("mirostat", value => Is(value, 0), "is a sampler that is not built. Only 0 is accepted."),
        new("dry_multiplier", value => Is(value, 0), "is a sampler that is not built. Only 0 is accepted."),
        new("xtc_probability", value => Is(value, 0), "is a sampler that is not built. Only 0 is accepted."),
        new("dynatemp_range", value => Is(value, 0), "is a sampler that is not built. Only 0 is accepted."),
        new("repeat_last_n", value => Is(value, -1), "is not built: penalties look at the whole text. Only -1 is accepted."),
        new("n_probs", value => Is(value, 0), "is another server's; ask for 'logprobs'. Only 0 is accepted."),
        new("n_keep", value => Is(value, 0), "is not built: a prompt that does not fit is refused. Only 0 is accepted."),
        new("id_slot", value => Is(value, -1), "is not built: sequences have no places of their own. Only -1 is accepted."),
        new("timings_per_token", IsFalse, "is not built. Only false is accepted."),
    ];

    private static readonly Inert[] Chat =
    [
        new("add_special_tokens", IsFalse, "is not built: the chat template writes the control tokens. Only false is accepted."),
        new("echo", IsFalse, "is not built for conversations; 'continue_final_message' goes on with the last. Only false is accepted."),
        new("parse_tool_calls", IsTrue, "is not built: calls come as calls. Only true is accepted."),
        new("reasoning_format", value => IsText(value, "auto", "deepseek", "parsed"),
            "is not built: reasoning comes as 'reasoning_content'. Only auto, deepseek and parsed are accepted."),
        new("modalities", IsTextOnly, "is not honoured: this server writes text. Only [\"text\"] is accepted."),
        new("audio", _ => false, "is not honoured: this server writes text. Leave it out."),
        new("web_search_options", _ => false, "is not honoured: this server searches nothing. Offer the search as a tool."),
        new("moderation", _ => false, "is not honoured here; ask POST /v1/moderations. Leave it out."),

        // Qwen's cloud's.
        new("enable_search", IsFalse, "is not honoured: this server searches nothing. Offer the search as a tool."),
        new("search_options", AsksNothing, "is not honoured: this server searches nothing. Leave it out."),
        new("incremental_output", IsTrue, "is not built: a stream sends what is new. Only true is accepted."),
        new("result_format", value => IsText(value, "message"), "is another endpoint's. Only \"message\" is accepted."),
    ];

    private static readonly Inert[] Text =
    [
        new("add_special_tokens", IsTrue, "is not built: a prompt begins as the model's prompts do. Only true is accepted."),
    ];

    /// <summary>Takes those of a conversation.</summary>
    public static void TakeChat(RequestFields fields) => Take(fields, [.. Shared, .. Chat]);

    /// <summary>Takes those of a plain prompt.</summary>
    public static void TakeText(RequestFields fields) => Take(fields, [.. Shared, .. Text]);

    /// <summary>Whether a value is false.</summary>
    public static bool IsFalse(JsonElement value) => value.ValueKind == JsonValueKind.False;

    private static void Take(RequestFields fields, IEnumerable<Inert> inert)
    {
        foreach ((string name, Func<JsonElement, bool> isInert, string reason) in inert)
            fields.Refuse(name, isInert, reason);
    }

    private static bool IsTrue(JsonElement value) => value.ValueKind == JsonValueKind.True;

    private static bool Is(JsonElement value, double number) => value.ValueKind == JsonValueKind.Number && value.GetDouble() == number;

    private static bool IsText(JsonElement value, params string[] texts) =>
        value.ValueKind == JsonValueKind.String && texts.Any(text => value.ValueEquals(text));

    private static bool IsTextOnly(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 1 && IsText(value[0], "text");

    private static bool AsksNothing(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(option => IsFalse(option.Value));

    private sealed record Inert(string Name, Func<JsonElement, bool> IsInert, string Reason);
}
