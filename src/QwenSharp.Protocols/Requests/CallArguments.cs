using System.Text;
using System.Text.Json;
using QwenSharp.Chat;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.Requests;

/// <summary>
/// The arguments of a call that a conversation shows: a string that holds a JSON object, or nothing. Of one that was cut, as the answer was
/// that brought it, what of it is whole.
/// </summary>
internal static class CallArguments
{
    // What templates and clients write around the arguments has room beside them in the 64 levels that readers of JSON take.
    private const int MaxDepth = 48;

    public static Dictionary<string, object?> Read(RequestValue value)
    {
        string json = value.String();
        if (json.Length == 0)
            return [];

        if (JsonText.Find(Encoding.UTF8.GetBytes(json)) is { } place)
            throw value.Invalid($"is not valid Unicode text: {place.Reason}.");

        try
        {
            return JsonArguments.Of(WireArguments.Read(json, MaxDepth));
        }
        catch (JsonException)
        {
        }

        throw value.Invalid($"must be a string that holds a JSON object, nested at most {MaxDepth} deep.");
    }
}
