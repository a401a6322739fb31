using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat.Habits;

/// <summary>Mistral: it refuses fields that it does not know, and ids of calls that are not nine letters or digits.</summary>
internal sealed class MistralHabits(ProviderSettings settings) : ChatHabits(settings)
{
    private const int IdLength = 9;
    private const string IdLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public override IReadOnlySet<string> Takes { get; } = new HashSet<string>
    {
        "seed", "frequency_penalty", "presence_penalty", "parallel_tool_calls", "named_tool_choice", "required_tool_choice", "json_schema",
        "text_parts", "image", "detail", "tool_name", "metadata", "prompt_cache_key",
    };

    public override float MaxTemperature => 1.5f;

    public override string Required => "any";

    // Usage comes with the last chunk; some versions refuse to be asked.
    public override bool AsksForUsage => false;

    // Thoughts go back as a part of the content, which Complete makes of this field.
    public override string? Thoughts => "thinking";

    public override string Spell(string field) => field == "seed" ? "random_seed" : field;

    public override void Think(Thinking thinking, JsonObject body, Losses losses)
    {
        losses.AddIf(thinking.Budget is > 0, ChatOptionKeys.ThinkingBudget);
        if (thinking.Nearest("none", "low", "medium", "high", "xhigh") is { } effort)
            body["reasoning_effort"] = effort;
        else if (thinking.IsOn is false)
            body["reasoning_effort"] = "none";
    }

    public override void Continue(JsonObject last, JsonObject body, Losses losses) => last["prefix"] = true;

    // Whoever made the id: the same id has always the same nine letters, so that call and result stay together.
    public override string CallId(string id)
    {
        if (id.Length == IdLength && id.All(char.IsAsciiLetterOrDigit))
            return id;

        BigInteger hash = new(SHA256.HashData(Encoding.UTF8.GetBytes(id)), isUnsigned: true);
        StringBuilder letters = new();
        for (int i = 0; i < IdLength; i++)
        {
            hash = BigInteger.DivRem(hash, IdLetters.Length, out BigInteger letter);
            letters.Append(IdLetters[(int)letter]);
        }

        return letters.ToString();
    }

    public override JsonObject? Part(Media media, string? detail) => media.MediaType == "application/pdf"
        ? new JsonObject { ["type"] = "document_url", ["document_url"] = media.Url }
        : base.Part(media, detail);

    public override void Complete(JsonObject body, AskedOptions asked, Losses losses)
    {
        foreach (JsonObject message in ((JsonArray)body["messages"]!).OfType<JsonObject>())
        {
            if (message["thinking"] is not { } thought)
                continue;

            message.Remove("thinking");
            JsonArray parts =
            [
                new JsonObject
                {
                    ["type"] = "thinking",
                    ["thinking"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = thought.GetValue<string>() }),
                    ["closed"] = true,
                },
            ];
            if (message["content"]?.DeepClone() is { } said)
            {
                if (said is JsonArray more)
                    more.ToList().ForEach(part => parts.Add(part!.DeepClone()));
                else if (said.GetValue<string>() is { Length: > 0 } text)
                    parts.Add((JsonNode)new JsonObject { ["type"] = "text", ["text"] = text });
            }

            message["content"] = parts;
        }
    }
}
