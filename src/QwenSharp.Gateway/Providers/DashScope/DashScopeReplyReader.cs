using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.OpenAIChat;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.DashScope;

/// <summary>
/// Reads answers of Model Studio's. Until the last event the reason why the answer ends is the word <c>null</c>; then the stream just ends.
/// </summary>
internal sealed class DashScopeReplyReader(ProviderSettings settings, WireForm form) : ReplyReader(ProviderKinds.Word(settings.Kind))
{
    private const string StatusComment = "HTTP_STATUS/";

    private readonly ChatCalls _calls = new();

    public override void Read(WireEvent read)
    {
        using JsonDocument document = JsonDocument.Parse(read.Data);
        if (read.Name == "error" || document.RootElement.Member("output") is null)
            throw Failed(document.RootElement, Status(read.Comments));

        Read(document.RootElement);
    }

    public override void ReadWhole(JsonElement reply)
    {
        if (reply.Member("output") is null)
            throw Failed(reply, status: null);

        Read(reply);
        Close();
        if (!Answer.Ended)
            throw new WireFormatException("a reply without a reason why it ends");
    }

    public override void Close()
    {
        if (Answer.HasFinish)
            Answer.End();
    }

    private void Read(JsonElement reply)
    {
        Answer.ResponseId ??= reply.Text("request_id");
        if (reply.Member("usage") is { } usage)
            Answer.Usage = Usage(usage);

        JsonElement output = reply.Member("output") ?? default;

        // The older form of answers, which has one text.
        Answer.Text(output.Text("text"));
        Finish(output);
        foreach (JsonElement choice in output.Items("choices").Take(1))
        {
            if (choice.Member("message") is { } message)
                ReadMessage(message, ChatLogprobs.Read(choice));

            Finish(choice);
        }
    }

    private void ReadMessage(JsonElement message, IReadOnlyList<TextToken> tokens)
    {
        Answer.Reasoning(message.Text("reasoning_content"));
        if (message.Member("content") is { ValueKind: JsonValueKind.Array } parts)
        {
            foreach (JsonElement part in parts.EnumerateArray())
                Answer.Text(part.Text("text"));
        }
        else
        {
            Answer.Text(message.Text("content"), tokens);
        }

        foreach (JsonElement call in message.Items("tool_calls"))
            _calls.Read(call, Answer);
    }

    private void Finish(JsonElement said)
    {
        if (said.Text("finish_reason") is { Length: > 0 } reason and not "null")
            Answer.Finish(ChatReplyReader.Reason(reason));
    }

    private static UsageDetails Usage(JsonElement usage)
    {
        JsonElement? input = usage.Member("prompt_tokens_details") ?? usage.Member("input_tokens_details");
        UsageDetails details = new()
        {
            InputTokenCount = usage.Count("input_tokens"),
            OutputTokenCount = usage.Count("output_tokens"),
            TotalTokenCount = usage.Count("total_tokens"),
            CachedInputTokenCount = input?.Count("cached_tokens"),
            ReasoningTokenCount = usage.Member("output_tokens_details")?.Count("reasoning_tokens"),
        };
        if ((input?.Count("cache_creation_input_tokens") ?? usage.Count("cache_creation_input_tokens")) is { } written)
            details.AdditionalCounts = new() { [UsageKeys.CacheWrite5Minutes] = written };

        return details;
    }

    // The status of the stream itself is 200 whatever happens in it.
    private static int? Status(IReadOnlyList<string>? comments) =>
        comments?.FirstOrDefault(comment => comment.StartsWith(StatusComment, StringComparison.Ordinal)) is { } said
        && int.TryParse(said.AsSpan(StatusComment.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int status)
            ? status
            : null;

    private ProviderException Failed(JsonElement envelope, int? status) =>
        new(ErrorReader.Read(settings, form, ErrorBody.Read(envelope, status)));
}
