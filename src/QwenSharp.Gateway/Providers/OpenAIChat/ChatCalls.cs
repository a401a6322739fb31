using System.Text.Json;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat;

/// <summary>
/// Pieces of calls. Some servers leave the index out, give whole calls in one chunk, or repeat an empty id and a null name with each piece.
/// </summary>
internal sealed class ChatCalls
{
    private int _last = -1;

    public void Read(JsonElement call, AnswerUpdates answer)
    {
        JsonElement function = call.Member("function") ?? call.Member("custom") ?? default;
        string? name = function.Text("name"), id = call.Text("id");
        bool begins = !string.IsNullOrEmpty(name) && !string.IsNullOrEmpty(id);
        int place = (int?)call.Count("index") ?? (begins || _last < 0 ? _last + 1 : _last);
        if (!answer.HasCall(place))
        {
            if (string.IsNullOrEmpty(name))
                throw new WireFormatException("a call without a name");

            answer.BeginCall(place, id, name);
        }

        _last = place;
        JsonElement? arguments = function.Member("arguments") ?? function.Member("input");
        answer.Arguments(place, arguments is { ValueKind: JsonValueKind.String } text ? text.GetString() : arguments?.GetRawText());
    }
}
