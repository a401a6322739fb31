using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Tests;

/// <summary>What came of a call, all of it put together.</summary>
internal sealed class Reading
{
    public List<ChatResponseUpdate> Updates { get; } = [];

    public ProviderError? Error { get; private set; }

    public IEnumerable<AIContent> Contents => Updates.SelectMany(update => update.Contents);

    public string Text => string.Concat(Contents.OfType<TextContent>().Where(text => !IsRefusal(text)).Select(text => text.Text));

    public string Refusal => string.Concat(Contents.OfType<TextContent>().Where(IsRefusal).Select(text => text.Text));

    public string Thinking => string.Concat(Contents.OfType<TextReasoningContent>().Select(text => text.Text));

    public IReadOnlyList<FunctionCallContent> Calls => [.. Contents.OfType<FunctionCallContent>()];

    public IReadOnlyList<CallFragment> Fragments => [.. Updates.Select(CallFragment.Of).OfType<CallFragment>()];

    public ChatFinishReason? Finish => Updates.LastOrDefault()?.FinishReason;

    public string? StopSequence => Updates.LastOrDefault()?.AdditionalProperties?.GetValueOrDefault(ChatOptionKeys.StopSequence) as string;

    public UsageDetails? Usage => Error is { } error ? error.Usage : Contents.OfType<UsageContent>().SingleOrDefault()?.Details;

    public IReadOnlyList<CitationAnnotation> Citations =>
        [.. Contents.SelectMany(content => content.Annotations ?? []).OfType<CitationAnnotation>()];

    /// <summary>The word that the reference data has for why the answer ended.</summary>
    public string Stop => this switch
    {
        { Error: not null } => "error",
        { StopSequence: not null } => "stop_sequence",
        _ => Finish?.Value switch
        {
            "stop" => "end",
            "length" => "length",
            "tool_calls" => "tool",
            "content_filter" => "filter",
            { } other => other,
            null => "none",
        },
    };

    public static async Task<Reading> OfAsync(Provider provider, ProviderCall call)
    {
        Reading reading = new();
        try
        {
            await foreach (ChatResponseUpdate update in provider.CompleteAsync(call, TestContext.Current.CancellationToken))
                reading.Updates.Add(update);
        }
        catch (ProviderException failed)
        {
            reading.Error = failed.Error;
        }

        return reading;
    }

    /// <summary>What is protected, by its form; the values alone where they lie in an object.</summary>
    public IEnumerable<string> Protected(bool redacted) => Contents.OfType<TextReasoningContent>()
        .Where(thought => thought.ProtectedData is not null)
        .Where(thought => thought.AdditionalProperties?[ContentKeys.Origin] is string)
        .Where(thought => redacted == Form(thought).StartsWith("redacted", StringComparison.Ordinal))
        .SelectMany(thought => Values(thought.ProtectedData!));

    private static string Form(TextReasoningContent thought) =>
        thought.AdditionalProperties!.GetValueOrDefault(ContentKeys.ProtectedForm) as string ?? "";

    private static IEnumerable<string> Values(string data) => data[0] switch
    {
        '[' => JsonNode.Parse(data)!.AsArray().Select(detail => detail!["signature"]?.GetValue<string>()).OfType<string>(),
        '{' => [JsonNode.Parse(data)!["encrypted_content"]!.GetValue<string>()],
        _ => [data],
    };

    private static bool IsRefusal(TextContent text) => text.AdditionalProperties?.ContainsKey(ContentKeys.Refusal) is true;
}
