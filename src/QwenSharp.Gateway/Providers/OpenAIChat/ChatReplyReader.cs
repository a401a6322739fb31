using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat;

/// <summary>Reads chat completions and their chunks, which are the same but for <c>delta</c> in place of <c>message</c>.</summary>
internal sealed class ChatReplyReader(ChatHabits habits) : ReplyReader(habits.Origin)
{
    private readonly ChatThoughts _thoughts = new();
    private readonly ChatCalls _calls = new();

    public override void Read(WireEvent read)
    {
        if (read.Data.Span.Trim(" \t"u8).SequenceEqual("[DONE]"u8))
        {
            _thoughts.End(Answer);
            Answer.End();
            return;
        }

        using JsonDocument chunk = JsonDocument.Parse(read.Data);
        Read(chunk.RootElement, "delta");
    }

    public override void ReadWhole(JsonElement reply)
    {
        Read(reply, "message");
        if (!Answer.HasFinish)
            throw new WireFormatException("a reply without choices");

        _thoughts.End(Answer);
        Answer.End();
    }

    // Some servers leave the last line out; what has said why it ends was not cut.
    public override void Close()
    {
        if (!Answer.HasFinish)
            return;

        _thoughts.End(Answer);
        Answer.End();
    }

    private void Read(JsonElement reply, string message)
    {
        Answer.ResponseId ??= reply.Text("id") is { Length: > 0 } id ? id : null;
        Answer.ModelId ??= reply.Text("model") is { Length: > 0 } model ? model : null;
        if (reply.Member("usage") is { ValueKind: JsonValueKind.Object } usage)
        {
            Answer.Usage = ChatUsage.Read(usage, reply, habits.CacheWrites);
            Answer.Cost = usage.Number("cost");
        }

        foreach (JsonElement choice in reply.Items("choices"))
        {
            if (choice.Count("index") is null or 0)
                ReadChoice(choice, choice.Member(message));
        }

        if (reply.Member("error") is not null || reply.Text("object") == "error")
            throw Failed(reply);
    }

    private void ReadChoice(JsonElement choice, JsonElement? message)
    {
        if (message is { } said)
            ReadMessage(said, ChatLogprobs.Read(choice));

        if (choice.Member("error") is not null)
            throw Failed(choice);

        if (choice.Text("finish_reason") is not { Length: > 0 } reason)
            return;

        // vLLM and SGLang say which stop string it was; a number is the token that ends every answer.
        string? stop = choice.Text("stop_reason") ?? choice.Text("matched_stop");
        Answer.Finish(Reason(reason), reason == "stop" ? stop : null);
    }

    private void ReadMessage(JsonElement said, IReadOnlyList<TextToken> tokens)
    {
        _thoughts.Read(said, Answer);
        if (said.Text("content") is { Length: > 0 } || said.Items("tool_calls").Any())
            _thoughts.End(Answer);

        if (said.Member("content") is { ValueKind: JsonValueKind.Array } parts)
            ReadParts(parts);
        else
            Answer.Text(said.Text("content"), tokens);

        Answer.Refusal(said.Text("refusal"));
        foreach (JsonElement annotation in said.Items("annotations"))
            ReadAnnotation(annotation);

        foreach (JsonElement call in said.Items("tool_calls"))
            _calls.Read(call, Answer);
    }

    private void ReadParts(JsonElement parts)
    {
        foreach (JsonElement part in parts.EnumerateArray())
        {
            switch (part.Text("type"))
            {
                case "text":
                    Answer.Text(part.Text("text"));
                    break;
                case "thinking":
                    foreach (JsonElement thought in part.Items("thinking"))
                        Answer.Reasoning(thought.Text("text"));

                    if (part.Text("signature") is { } signature)
                        Answer.Protected(signature);

                    break;
                case "reference":
                    foreach (JsonElement id in part.Items("reference_ids"))
                        Answer.Citation(new CitationAnnotation { FileId = id.ToString() });

                    break;
            }
        }
    }

    private void ReadAnnotation(JsonElement annotation)
    {
        if (annotation.Member("url_citation") is not { } citation)
            return;

        Answer.Citation(new CitationAnnotation
        {
            Title = citation.Text("title"),
            Url = Uri.TryCreate(citation.Text("url"), UriKind.RelativeOrAbsolute, out Uri? url) ? url : null,
            Snippet = citation.Text("content"),
            AnnotatedRegions = citation.Count("start_index") is { } start && citation.Count("end_index") is { } end
                ? [new TextSpanAnnotatedRegion { StartIndex = (int)start, EndIndex = (int)end }]
                : null,
        });
    }

    /// <summary>Why an answer ends, in the words of all who speak this form.</summary>
    internal static ChatFinishReason Reason(string reason) => reason switch
    {
        "stop" or "eos" => ChatFinishReason.Stop,
        "length" or "model_length" => ChatFinishReason.Length,
        "tool_calls" or "function_call" => ChatFinishReason.ToolCalls,
        "content_filter" => ChatFinishReason.ContentFilter,
        "refusal" => FurtherFinishReasons.Refusal,
        _ => FurtherFinishReasons.Error,
    };

    private ProviderException Failed(JsonElement envelope) =>
        new(ErrorReader.Read(habits.Settings, new ChatForm(habits), ErrorBody.Read(envelope, status: null)));
}
