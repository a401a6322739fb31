using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat;

/// <summary>
/// What a model thinks, under the names that providers have for it. OpenRouter's <c>reasoning_details</c> must go back as one unchanged
/// list, which comes in pieces: pieces of one index are one entry. It is kept in the JSON that it was, as what is protected.
/// </summary>
internal sealed class ChatThoughts
{
    /// <summary>What <see cref="QwenSharp.Chat.ContentKeys.ProtectedForm"/> says of such a list.</summary>
    public const string Details = "reasoning_details";

    private readonly List<JsonObject> _details = [];
    private int _length;

    public void Read(JsonElement message, AnswerUpdates answer)
    {
        // Some servers send both names with the same text.
        answer.Reasoning(message.Text("reasoning_content") is { Length: > 0 } content ? content : message.Text("reasoning"));
        foreach (JsonElement piece in message.Items(Details))
            Add((JsonObject)WireNodes.Node(piece.Clone())!);
    }

    /// <summary>Tells the list, once something else follows, if it has something that must go back.</summary>
    public void End(AnswerUpdates answer)
    {
        if (_details.Exists(detail => detail.ContainsKey("signature") || detail.ContainsKey("data")))
            answer.Protected(Encoding.UTF8.GetString(WireNodes.Bytes(WireNodes.Array(_details))), Details);

        _details.Clear();
    }

    private void Add(JsonObject piece)
    {
        _length += Encoding.UTF8.GetByteCount(piece.ToJsonString());
        if (_length > WireLimits.Arguments)
            throw new WireFormatException("more reasoning_details than can be kept");

        JsonObject? before = _details.LastOrDefault();
        bool goesOn = before is not null && piece.ContainsKey("index")
            && JsonNode.DeepEquals(before["index"], piece["index"]) && JsonNode.DeepEquals(before["type"], piece["type"]);
        if (!goesOn)
        {
            _details.Add(piece);
            return;
        }

        foreach ((string name, JsonNode? value) in piece.ToList())
        {
            bool isText = name is "text" or "summary" or "data";
            if (isText && before![name] is { } text && value is not null)
                before[name] = text.GetValue<string>() + value.GetValue<string>();
            else if (value is not null || !before!.ContainsKey(name))
                before![name] = value?.DeepClone();
        }
    }
}
