using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.OpenAIChat;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIResponses;

/// <summary>Reads responses and their events; each event says in its own data what it is.</summary>
internal sealed class ResponseReader(ProviderSettings settings, WireForm form) : ReplyReader(ProviderKinds.Word(settings.Kind))
{
    // Parts of a summary are paragraphs.
    private const string BetweenParts = "\n\n";

    // Items of which pieces have come, so that the whole says nothing new.
    private readonly HashSet<long> _told = [];

    public override void Read(WireEvent read)
    {
        // Routers end with OpenAI's other mark of the end.
        if (read.Data.Span.SequenceEqual("[DONE]"u8))
            return;

        using JsonDocument document = JsonDocument.Parse(read.Data);
        JsonElement said = document.RootElement;
        long place = said.Count("output_index") ?? 0;
        switch (said.Text("type"))
        {
            case "response.created" when said.Member("response") is { } response:
                Begin(response);
                break;
            case "response.output_item.added" when said.Member("item") is { } item:
                OpenItem(item, place);
                break;
            case "response.output_text.delta":
                _told.Add(place);
                Answer.Text(said.Text("delta"), [.. said.Items("logprobs").Select(ChatLogprobs.Token)]);
                break;
            case "response.output_text.annotation.added" when said.Member("annotation") is { } annotation:
                Cite(annotation);
                break;
            case "response.refusal.delta":
                _told.Add(place);
                Answer.Refusal(said.Text("delta"));
                break;
            case "response.reasoning_summary_part.added" when said.Count("summary_index") > 0:
                Answer.Reasoning(BetweenParts);
                break;
            case "response.reasoning_summary_text.delta" or "response.reasoning_text.delta":
                _told.Add(place);
                Answer.Reasoning(said.Text("delta"));
                break;
            case "response.function_call_arguments.delta" or "response.custom_tool_call_input.delta":
                _told.Add(place);
                Answer.Arguments(place, said.Text("delta"));
                break;
            case "response.output_item.done" when said.Member("item") is { } item:
                CloseItem(item, place);
                break;
            case "response.completed" or "response.incomplete" or "response.failed" when said.Member("response") is { } response:
                End(response);
                break;
            case "error":
                throw Failed(said);
        }
    }

    public override void ReadWhole(JsonElement reply)
    {
        if (reply.Text("object") != "response" && reply.Member("error") is not null)
            throw Failed(reply);

        Begin(reply);
        long place = 0;
        foreach (JsonElement item in reply.Items("output"))
        {
            OpenItem(item, place);
            CloseItem(item, place++);
        }

        End(reply);
    }

    private void Begin(JsonElement response)
    {
        Answer.ResponseId = response.Text("id");
        Answer.ModelId = response.Text("model");
    }

    private void OpenItem(JsonElement item, long place)
    {
        Answer.Phase = item.Text("phase") ?? Answer.Phase;
        if (item.Text("type") is "function_call" or "custom_tool_call")
        {
            Answer.BeginCall(
                place,
                item.Text("call_id") ?? item.Text("id"),
                item.Text("name") ?? throw new WireFormatException("a call without a name"));
        }
    }

    private void CloseItem(JsonElement item, long place)
    {
        bool isTold = _told.Contains(place);
        switch (item.Text("type"))
        {
            case "function_call" or "custom_tool_call":
                if (!isTold)
                    Answer.Arguments(place, item.Text("arguments") ?? item.Text("input"));

                Answer.EndCall(place);
                break;
            case "reasoning":
                CloseReasoning(item, isTold);
                break;
            case "message" when !isTold:
                foreach (JsonElement part in item.Items("content"))
                    ReadPart(part);

                break;
        }
    }

    private void ReadPart(JsonElement part)
    {
        Answer.Text(part.Text("text"), [.. part.Items("logprobs").Select(ChatLogprobs.Token)]);
        Answer.Refusal(part.Text("refusal"));
        foreach (JsonElement annotation in part.Items("annotations"))
            Cite(annotation);
    }

    // What is encrypted goes back with the whole item around it. Only the finished one counts.
    private void CloseReasoning(JsonElement item, bool isTold)
    {
        if (!isTold)
        {
            string[] texts = [.. item.Items("summary").Concat(item.Items("content")).Select(part => part.Text("text")).OfType<string>()];
            Answer.Reasoning(string.Join(BetweenParts, texts));
        }

        if (item.Text("encrypted_content") is null)
            return;

        JsonObject kept = new() { ["type"] = "reasoning" };
        foreach (string name in (string[])["id", "summary", "content", "encrypted_content"])
        {
            if (item.Member(name) is { } value)
                kept[name] = WireNodes.Node(value.Clone());
        }

        Answer.Protected(Encoding.UTF8.GetString(WireNodes.Bytes(kept)));
    }

    private void Cite(JsonElement annotation) => Answer.Citation(new CitationAnnotation
    {
        Title = annotation.Text("title") ?? annotation.Text("filename"),
        Url = Uri.TryCreate(annotation.Text("url"), UriKind.RelativeOrAbsolute, out Uri? url) ? url : null,
        FileId = annotation.Text("file_id"),
        AnnotatedRegions = annotation.Count("start_index") is { } start && annotation.Count("end_index") is { } end
            ? [new TextSpanAnnotatedRegion { StartIndex = (int)start, EndIndex = (int)end }]
            : null,
    });

    private void End(JsonElement response)
    {
        if (response.Member("usage") is { } usage)
            Answer.Usage = Usage(usage);

        switch (response.Text("status"))
        {
            case "failed" or "cancelled":
                throw Failed(response);
            case "incomplete":
                Answer.Finish(response.Member("incomplete_details")?.Text("reason") == "content_filter"
                    ? ChatFinishReason.ContentFilter
                    : ChatFinishReason.Length);
                break;
            default:
                Answer.Finish(ChatFinishReason.Stop);
                break;
        }

        Answer.End();
    }

    private static UsageDetails Usage(JsonElement usage)
    {
        UsageDetails details = new()
        {
            InputTokenCount = usage.Count("input_tokens"),
            OutputTokenCount = usage.Count("output_tokens"),
            TotalTokenCount = usage.Count("total_tokens"),
            CachedInputTokenCount = usage.Member("input_tokens_details")?.Count("cached_tokens"),
            ReasoningTokenCount = usage.Member("output_tokens_details")?.Count("reasoning_tokens"),
        };
        if (usage.Member("input_tokens_details")?.Count("cache_write_tokens") is { } written)
            details.AdditionalCounts = new() { [UsageKeys.CacheWrite30Minutes] = written };

        return details;
    }

    private ProviderException Failed(JsonElement envelope) =>
        new(ErrorReader.Read(settings, form, ErrorBody.Read(envelope, status: null)));
}
