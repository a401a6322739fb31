using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Gemini;

/// <summary>Reads answers of Gemini's, whose chunks are answers themselves. The stream just ends behind the reason for it.</summary>
internal sealed class GeminiReplyReader(ProviderSettings settings, WireForm form) : ReplyReader(ProviderKinds.Word(settings.Kind))
{
    private int _calls;

    public override void Read(WireEvent read)
    {
        using JsonDocument chunk = JsonDocument.Parse(read.Data);
        ReadChunk(chunk.RootElement);
    }

    public override void ReadWhole(JsonElement reply)
    {
        // Without being asked for events a stream is an array of chunks.
        foreach (JsonElement chunk in reply.ValueKind == JsonValueKind.Array ? reply.EnumerateArray().ToArray() : [reply])
            ReadChunk(chunk);

        Close();
        if (!Answer.Ended)
            throw new WireFormatException("a reply without a reason why it ends");
    }

    public override void Close()
    {
        if (Answer.HasFinish)
            Answer.End();
    }

    private void ReadChunk(JsonElement chunk)
    {
        if (chunk.Member("error") is not null)
            throw new ProviderException(ErrorReader.Read(settings, form, ErrorBody.Read(chunk, status: null)));

        Answer.ResponseId ??= chunk.Text("responseId");
        Answer.ModelId ??= chunk.Text("modelVersion");
        if (chunk.Member("usageMetadata") is { } usage)
            Answer.Usage = Usage(usage);

        if (chunk.Member("promptFeedback")?.Text("blockReason") is { } blocked)
        {
            Answer.RefusalCategory = blocked;
            Answer.Finish(ChatFinishReason.ContentFilter);
        }

        foreach (JsonElement candidate in chunk.Items("candidates").Take(1))
            ReadCandidate(candidate);
    }

    private void ReadCandidate(JsonElement candidate)
    {
        IReadOnlyList<TextToken> tokens = Logprobs(candidate);
        foreach (JsonElement part in candidate.Member("content")?.Items("parts") ?? [])
        {
            ReadPart(part, tokens);
            tokens = [];
        }

        foreach (JsonElement source in candidate.Member("groundingMetadata")?.Items("groundingChunks") ?? [])
        {
            if (source.Member("web") is { } page)
            {
                Answer.Citation(new CitationAnnotation
                {
                    Title = page.Text("title"),
                    Url = Uri.TryCreate(page.Text("uri"), UriKind.RelativeOrAbsolute, out Uri? url) ? url : null,
                });
            }
        }

        if (candidate.Text("finishReason") is { } reason)
            Answer.Finish(Reason(reason));
    }

    // A signature belongs to its part, and is told before it; see ContentsWriter.
    private void ReadPart(JsonElement part, IReadOnlyList<TextToken> tokens)
    {
        bool isThought = part.Member("thought") is { ValueKind: JsonValueKind.True };
        string? signature = part.Text("thoughtSignature");
        if (isThought)
            Answer.Reasoning(part.Text("text"));

        if (signature is not null)
            Answer.Protected(signature);

        if (!isThought)
            Answer.Text(part.Text("text"), tokens);

        if (part.Member("functionCall") is { } call)
        {
            string name = call.Text("name") ?? throw new WireFormatException("a call without a name");
            Answer.Call(_calls++, call.Text("id"), name, call.Member("args")?.GetRawText() ?? "{}");
        }

        if (part.Member("inlineData") is { } data && data.Text("data") is { } base64 && data.Text("mimeType") is { } mediaType)
            Answer.Content(new DataContent(Convert.FromBase64String(base64), mediaType));
    }

    private static List<TextToken> Logprobs(JsonElement candidate)
    {
        if (candidate.Member("logprobsResult") is not { } result)
            return [];

        JsonElement[] top = [.. result.Items("topCandidates")];
        return [.. result.Items("chosenCandidates").Select((chosen, place) => Token(
            chosen, place < top.Length ? [.. top[place].Items("candidates").Select(other => Token(other, []))] : []))];
    }

    private static TextToken Token(JsonElement value, IReadOnlyList<TextToken> top) => new(
        (int?)value.Count("tokenId") ?? -1,
        Encoding.UTF8.GetBytes(value.Text("token") ?? ""),
        (float)(value.Number("logProbability") ?? double.NaN),
        top);

    private static ChatFinishReason Reason(string reason) => reason switch
    {
        "STOP" => ChatFinishReason.Stop,
        "MAX_TOKENS" => ChatFinishReason.Length,
        "SAFETY" or "RECITATION" or "BLOCKLIST" or "PROHIBITED_CONTENT" or "SPII" or "LANGUAGE" or "IMAGE_SAFETY"
            or "IMAGE_PROHIBITED_CONTENT" or "IMAGE_RECITATION" => ChatFinishReason.ContentFilter,
        _ => FurtherFinishReasons.Error,
    };

    // Thoughts are counted beside the answer, and what is not there is zero.
    private static UsageDetails Usage(JsonElement usage)
    {
        long? thoughts = usage.Count("thoughtsTokenCount");
        return new UsageDetails
        {
            InputTokenCount = (usage.Count("promptTokenCount") ?? 0) + (usage.Count("toolUsePromptTokenCount") ?? 0),
            CachedInputTokenCount = usage.Count("cachedContentTokenCount") ?? 0,
            OutputTokenCount = (usage.Count("candidatesTokenCount") ?? 0) + (thoughts ?? 0),
            ReasoningTokenCount = thoughts,
            TotalTokenCount = usage.Count("totalTokenCount"),
        };
    }
}
