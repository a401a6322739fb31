using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Anthropic;

/// <summary>Reads messages and their events. Events that are not known are passed over, as the protocol asks.</summary>
internal class MessageReplyReader(ProviderSettings settings, WireForm form) : ReplyReader(ProviderKinds.Word(settings.Kind))
{
    /// <summary>The block of thoughts that cannot be read.</summary>
    public const string Redacted = "redacted_thinking";

    protected ProviderSettings Settings => settings;

    protected WireForm Form => form;

    private readonly List<CitationAnnotation> _citations = [];
    private int _textLength;
    private int _blockBegin;

    public override void Read(WireEvent read)
    {
        using JsonDocument document = JsonDocument.Parse(read.Data);
        Read(document.RootElement);
    }

    public override void ReadWhole(JsonElement reply)
    {
        if (reply.Member("error") is not null)
            throw Failed(reply);

        if (reply.Text("type") != "message")
            throw new WireFormatException("a reply that is no message");

        Begin(reply);
        MessageUsage.ReadOutput(reply.Member("usage"), Answer);
        int place = 0;
        foreach (JsonElement block in reply.Items("content"))
        {
            OpenBlock(block, place);
            if (block.Text("type") == "tool_use")
                Answer.Arguments(place, block.Member("input")?.GetRawText());

            if (block.Text("signature") is { Length: > 0 } signature)
                Answer.Protected(signature);

            CloseBlock(place++);
        }

        Finish(reply);
        Answer.End();
    }

    /// <summary>Reads an event.</summary>
    protected void Read(JsonElement read)
    {
        int place = (int?)read.Count("index") ?? 0;
        switch (read.Text("type"))
        {
            case "message_start" when read.Member("message") is { } message:
                Begin(message);
                break;
            case "content_block_start" when read.Member("content_block") is { } block:
                OpenBlock(block, place);
                break;
            case "content_block_delta" when read.Member("delta") is { } delta:
                ContinueBlock(delta, place);
                break;
            case "content_block_stop":
                CloseBlock(place);
                break;
            case "message_delta":
                MessageUsage.ReadOutput(read.Member("usage"), Answer);
                if (read.Member("delta") is { } end)
                    Finish(end);

                break;
            case "message_stop":
                Answer.End();
                break;
            case "error":
                throw Failed(read);
        }
    }

    private void Begin(JsonElement message)
    {
        Answer.ResponseId = message.Text("id");
        Answer.ModelId = message.Text("model");
        Answer.Usage = MessageUsage.ReadInput(message.Member("usage"));
    }

    private void OpenBlock(JsonElement block, int place)
    {
        _blockBegin = _textLength;
        switch (block.Text("type"))
        {
            case "text":
                AddText(block.Text("text"));
                foreach (JsonElement citation in block.Items("citations"))
                    Cite(citation);

                break;
            case "thinking":
                Answer.Reasoning(block.Text("thinking"));
                break;
            case Redacted when block.Text("data") is { } data:
                Answer.Protected(data, Redacted);
                break;
            case "tool_use":
                Answer.BeginCall(place, block.Text("id"), block.Text("name") ?? throw new WireFormatException("a call without a name"));
                break;
        }
    }

    private void ContinueBlock(JsonElement delta, int place)
    {
        switch (delta.Text("type"))
        {
            case "text_delta":
                AddText(delta.Text("text"));
                break;
            case "thinking_delta":
                Answer.Reasoning(delta.Text("thinking"));
                break;
            case "signature_delta" when delta.Text("signature") is { Length: > 0 } signature:
                Answer.Protected(signature);
                break;
            case "input_json_delta":
                Answer.Arguments(place, delta.Text("partial_json"));
                break;
            case "citations_delta" when delta.Member("citation") is { } citation:
                Cite(citation);
                break;
        }
    }

    private void CloseBlock(int place)
    {
        if (Answer.HasCall(place))
            Answer.EndCall(place);

        // What is cited stands behind all of the block's text, and is of all of it.
        foreach (CitationAnnotation citation in _citations)
        {
            citation.AnnotatedRegions = [new TextSpanAnnotatedRegion { StartIndex = _blockBegin, EndIndex = _textLength }];
            Answer.Citation(citation);
        }

        _citations.Clear();
    }

    private void AddText(string? text)
    {
        _textLength += text?.Length ?? 0;
        Answer.Text(text);
    }

    private void Cite(JsonElement citation) => _citations.Add(new CitationAnnotation
    {
        Title = citation.Text("document_title") ?? citation.Text("title"),
        Url = Uri.TryCreate(citation.Text("url") ?? citation.Text("source"), UriKind.RelativeOrAbsolute, out Uri? url) ? url : null,
        FileId = citation.Text("file_id"),
        Snippet = citation.Text("cited_text"),
    });

    private void Finish(JsonElement end)
    {
        if (end.Text("stop_reason") is not { } reason)
            return;

        Answer.RefusalCategory = end.Member("stop_details")?.Text("category");
        Answer.Finish(Reason(reason), end.Text("stop_sequence"));
    }

    /// <summary>Why an answer ends; Bedrock's own form has the same words and some more.</summary>
    internal static ChatFinishReason Reason(string reason) => reason switch
    {
        "end_turn" or "stop_sequence" => ChatFinishReason.Stop,
        "max_tokens" or "model_context_window_exceeded" => ChatFinishReason.Length,
        "tool_use" => ChatFinishReason.ToolCalls,
        "pause_turn" => FurtherFinishReasons.Pause,
        "refusal" => FurtherFinishReasons.Refusal,
        "guardrail_intervened" or "content_filtered" => ChatFinishReason.ContentFilter,
        _ => FurtherFinishReasons.Error,
    };

    private ProviderException Failed(JsonElement envelope) =>
        new(ErrorReader.Read(settings, form, ErrorBody.Read(envelope, status: null)));
}
