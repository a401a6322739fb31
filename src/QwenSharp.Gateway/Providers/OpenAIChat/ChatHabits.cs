using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat;

/// <summary>In what one provider's chat completions differ from another's.</summary>
internal abstract class ChatHabits(ProviderSettings settings)
{
    public ProviderSettings Settings => settings;

    /// <summary>Who made what is protected in answers.</summary>
    public string Origin => ProviderKinds.Word(settings.Kind);

    /// <summary>The fields beyond the first ones that are taken. What is asked by another is lost.</summary>
    public abstract IReadOnlySet<string> Takes { get; }

    /// <summary>The key of tokens that are written to a cache; see <see cref="UsageKeys"/>.</summary>
    public virtual string CacheWrites => UsageKeys.CacheWrite30Minutes;

    /// <summary>What the limit of the answer's tokens is called.</summary>
    public virtual string MaxTokens => "max_tokens";

    public virtual float MaxTemperature => 2;

    public virtual int MaxStops => int.MaxValue;

    /// <summary>The field in which thoughts go back; null where they do not.</summary>
    public virtual string? Thoughts => null;

    /// <summary>The content of a message that has none, but calls.</summary>
    public virtual JsonNode? NoContent => "";

    /// <summary>Whether usage in a stream must be asked for.</summary>
    public virtual bool AsksForUsage => true;

    /// <summary>The word for a call of some function.</summary>
    public virtual string Required => "required";

    public virtual string Path(ProviderCall call) => "/v1/chat/completions";

    public virtual void Authorize(Dictionary<string, string> headers)
    {
        if (settings.ApiKey is { } key)
            headers["Authorization"] = $"Bearer {key}";
    }

    /// <summary>What a field is called here.</summary>
    public virtual string Spell(string field) => field;

    /// <summary>Whether the provider is asked for a stream, also where the caller is not.</summary>
    public virtual bool Streams(ProviderCall call, AskedOptions asked) => call.Stream;

    /// <summary>Writes what is asked of reasoning.</summary>
    public abstract void Think(Thinking thinking, JsonObject body, Losses losses);

    /// <summary>Writes what the text of the answer must be, where it is no JSON.</summary>
    public virtual void Constrain(OutputGrammar grammar, JsonObject body, Losses losses) => losses.Add(ChatOptionKeys.Grammar);

    /// <summary>Writes that the answer goes on with the last message.</summary>
    public virtual void Continue(JsonObject last, JsonObject body, Losses losses) => losses.Add(ChatOptionKeys.ContinueFinalMessage);

    /// <summary>The lifetimes that a mark of what is to be kept can ask for.</summary>
    public virtual IReadOnlyList<string> Lifetimes => [];

    /// <summary>Writes that everything up to a part or a tool is to be kept; false where there is no mark for it.</summary>
    public virtual bool Mark(JsonObject part, string lifetime, string model) => false;

    /// <summary>A picture, sound, film or document as a part; null where there is none for it.</summary>
    public virtual JsonObject? Part(Media media, string? detail) => media.Kind switch
    {
        "image" when Takes.Contains("image") => new JsonObject { ["type"] = "image_url", ["image_url"] = Image(media, detail) },
        "audio" when Takes.Contains("input_audio") && media.Data is not null => new JsonObject
        {
            ["type"] = "input_audio",
            ["input_audio"] = new JsonObject
            {
                ["data"] = media.Base64,
                ["format"] = media.Subtype is "mpeg" ? "mp3" : media.Subtype.Replace("x-", "", StringComparison.Ordinal),
            },
        },
        "video" when Takes.Contains("video_url") => new JsonObject
        {
            ["type"] = "video_url",
            ["video_url"] = new JsonObject { ["url"] = media.Url },
        },
        "document" when Takes.Contains("file") && media.Data is not null => new JsonObject
        {
            ["type"] = "file",
            ["file"] = new JsonObject { ["filename"] = media.Name ?? $"document.{media.Subtype}", ["file_data"] = media.Url },
        },
        _ => null,
    };

    /// <summary>An id of a call as it is taken here.</summary>
    public virtual string CallId(string id) => id;

    /// <summary>Whether an assistant's message needs a thought even where it has none.</summary>
    public virtual bool NeedsThought(JsonObject message) => false;

    /// <summary>Writes what protected thoughts of the provider's own go back as; false where they have no place.</summary>
    public virtual bool Replay(IReadOnlyList<Microsoft.Extensions.AI.TextReasoningContent> thoughts, JsonObject message) => false;

    /// <summary>Changes what only this provider wants otherwise.</summary>
    public virtual void Complete(JsonObject body, AskedOptions asked, Losses losses)
    {
    }

    /// <summary>See <see cref="WireForm.Classify"/>.</summary>
    public virtual ProviderErrorKind? Classify(ErrorBody body) => null;

    private JsonObject Image(Media media, string? detail)
    {
        JsonObject image = new() { ["url"] = media.Url };
        if (detail is not null && Takes.Contains("detail"))
            image["detail"] = detail;

        return image;
    }
}
