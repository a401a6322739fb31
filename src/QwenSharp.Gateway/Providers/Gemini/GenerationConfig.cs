using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Gemini;

/// <summary>The <c>generationConfig</c> of a request.</summary>
internal static class GenerationConfig
{
    private const int MaxStops = 5;

    public static JsonObject Write(AskedOptions asked, GeminiModel model, Losses losses)
    {
        ChatOptions options = asked.Options;
        JsonObject config = [];
        Add("temperature", WireNodes.Number(options.Temperature));
        Add("topP", WireNodes.Number(options.TopP));
        Add("topK", options.TopK);
        Add("maxOutputTokens", options.MaxOutputTokens);
        if (options.StopSequences is { Count: > 0 } stops)
        {
            config["stopSequences"] = WireNodes.Array(stops.Take(MaxStops).Select(stop => (JsonNode)stop));
            losses.AddIf(stops.Count > MaxStops, "stop");
        }

        Add("seed", options.Seed);
        Add("presencePenalty", WireNodes.Number(options.PresencePenalty));
        Add("frequencyPenalty", WireNodes.Number(options.FrequencyPenalty));
        if (asked.Common.Logprobs)
        {
            config["responseLogprobs"] = true;
            if (asked.Common.TopLogprobs > 0)
                config["logprobs"] = asked.Common.TopLogprobs;
        }

        if (asked.Json is { } json)
        {
            config["responseMimeType"] = "application/json";
            if (json.Schema is { } schema)
                config["responseJsonSchema"] = WireNodes.Node(schema);

            losses.AddIf(json.SchemaName is not null, "response_format.name");
        }

        if (Thinking(asked.Thinking, model, losses) is { Count: > 0 } thinking)
            config["thinkingConfig"] = thinking;

        return config;

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
                config[name] = value;
        }
    }

    // A level or a number of tokens: both together are refused.
    private static JsonObject Thinking(Thinking thinking, GeminiModel model, Losses losses)
    {
        JsonObject config = [];
        if (thinking.IsOn is not { } on)
            return config;

        if (!on && model.IsThird)
        {
            config["thinkingLevel"] = "MINIMAL";
            losses.Add(ChatOptionKeys.EnableThinking);
            return config;
        }

        if (!on)
        {
            config["thinkingBudget"] = 0;
            return config;
        }

        if (thinking.Budget is { } budget)
            config["thinkingBudget"] = budget;
        else if (model.IsThird && thinking.Nearest("minimal", "low", "medium", "high") is { } level)
            config["thinkingLevel"] = level.ToUpperInvariant();
        else if (!model.IsThird)
            config["thinkingBudget"] = thinking.Effort switch { "minimal" or "low" => 1024, "medium" => 8192, null => -1, _ => 24576 };

        config["includeThoughts"] = thinking.Output != ReasoningOutput.None;
        return config;
    }
}
