using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Anthropic;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Bedrock;

/// <summary>Reads answers in Bedrock's own form. Usage comes behind the end of the message, and is the end of the stream.</summary>
internal sealed class ConverseReplyReader(ProviderSettings settings, WireForm form) : ReplyReader(ProviderKinds.Word(settings.Kind))
{
    /// <summary>The member of thoughts that cannot be read.</summary>
    public const string Redacted = "redactedContent";

    public override void Read(WireEvent read)
    {
        if (read.IsException)
            throw BedrockFailure.Of(settings, form, read);

        using JsonDocument document = JsonDocument.Parse(read.Data);
        JsonElement said = document.RootElement;
        int place = (int?)said.Count("contentBlockIndex") ?? 0;
        switch (read.Name)
        {
            case "contentBlockStart" when said.Member("start", "toolUse") is { } call:
                Begin(call, place);
                break;
            case "contentBlockDelta" when said.Member("delta") is { } delta:
                Answer.Text(delta.Text("text"));
                Answer.Arguments(place, delta.Member("toolUse")?.Text("input"));
                if (delta.Member("reasoningContent") is { } thought)
                    ReadThought(thought);

                break;
            case "contentBlockStop" when Answer.HasCall(place):
                Answer.EndCall(place);
                break;
            case "messageStop":
                Finish(said);
                break;
            case "metadata":
                Answer.Usage = Usage(said.Member("usage"));
                Answer.End();
                break;
        }
    }

    public override void ReadWhole(JsonElement reply)
    {
        if (reply.Member("output", "message") is not { } message)
            throw new WireFormatException("a reply without a message");

        int place = 0;
        foreach (JsonElement block in message.Items("content"))
        {
            Answer.Text(block.Text("text"));
            if (block.Member("reasoningContent") is { } thought)
                ReadThought(thought.Member("reasoningText") ?? thought);

            if (block.Member("toolUse") is { } call)
            {
                Begin(call, place);
                Answer.Arguments(place, call.Member("input")?.GetRawText());
                Answer.EndCall(place);
            }

            place++;
        }

        Answer.Usage = Usage(reply.Member("usage"));
        Finish(reply);
        Answer.End();
    }

    private void Begin(JsonElement call, int place) =>
        Answer.BeginCall(place, call.Text("toolUseId"), call.Text("name") ?? throw new WireFormatException("a call without a name"));

    private void ReadThought(JsonElement thought)
    {
        Answer.Reasoning(thought.Text("text"));
        if (thought.Text("signature") is { Length: > 0 } signature)
            Answer.Protected(signature);

        if (thought.Text(Redacted) is { } data)
            Answer.Protected(data, Redacted);
    }

    private void Finish(JsonElement said)
    {
        JsonElement? more = said.Member("additionalModelResponseFields");
        string? stop = more?.Text("stop_sequence") ?? more?.Member("delta")?.Text("stop_sequence");
        Answer.Finish(MessageReplyReader.Reason(said.Text("stopReason") ?? ""), stop);
    }

    private static UsageDetails? Usage(JsonElement? said)
    {
        if (said is not { } usage)
            return null;

        long? read = usage.Count("cacheReadInputTokens"), written = usage.Count("cacheWriteInputTokens");
        UsageDetails details = new()
        {
            InputTokenCount = usage.Count("inputTokens") + (read ?? 0) + (written ?? 0),
            CachedInputTokenCount = read,
            OutputTokenCount = usage.Count("outputTokens"),
            TotalTokenCount = usage.Count("totalTokens"),
        };
        JsonElement[] lifetimes = [.. usage.Items("cacheDetails")];
        if (lifetimes.Length == 0 && written is { } unspecified)
            details.AdditionalCounts = new() { [UsageKeys.CacheWriteUnspecified] = unspecified };

        foreach (JsonElement lifetime in lifetimes)
        {
            string key = lifetime.Text("ttl") switch
            {
                "1h" => UsageKeys.CacheWrite1Hour,
                "5m" => UsageKeys.CacheWrite5Minutes,
                _ => UsageKeys.CacheWriteUnspecified,
            };
            (details.AdditionalCounts ??= [])[key] = lifetime.Count("inputTokens") ?? 0;
        }

        return details;
    }
}
