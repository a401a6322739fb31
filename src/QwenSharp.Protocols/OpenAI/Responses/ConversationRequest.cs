using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>What the endpoints of <c>/v1/conversations</c> take: items and labels.</summary>
public sealed record ConversationRequest
{
    private const int MaxItems = 20;

    /// <summary>Items to add, as they are stored.</summary>
    public IReadOnlyList<JsonElement> Items { get; private init; } = [];

    /// <summary>Labels to find the conversation by.</summary>
    public JsonObject Metadata { get; private init; } = [];

    /// <summary>Reads a <c>POST /v1/conversations</c>.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static ConversationRequest ReadNew(JsonElement body, ThoughtSealer sealer) =>
        Read(body, sealer, needsItems: false, takesMetadata: true);

    /// <summary>Reads a <c>POST /v1/conversations/{id}</c>.</summary>
    /// <inheritdoc cref="ReadNew" path="/exception"/>
    public static ConversationRequest ReadChange(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        JsonObject metadata = ReadMetadata(fields);
        fields.RefuseRest();
        return new ConversationRequest { Metadata = metadata };
    }

    /// <summary>Reads a <c>POST /v1/conversations/{id}/items</c>.</summary>
    /// <inheritdoc cref="ReadNew" path="/exception"/>
    public static ConversationRequest ReadItems(JsonElement body, ThoughtSealer sealer) =>
        Read(body, sealer, needsItems: true, takesMetadata: false);

    private static ConversationRequest Read(JsonElement body, ThoughtSealer sealer, bool needsItems, bool takesMetadata)
    {
        RequestFields fields = RequestFields.Of(body);
        JsonObject metadata = takesMetadata ? ReadMetadata(fields) : [];
        RequestValue? value = needsItems ? fields.Require("items") : fields.Take("items");
        List<RequestValue> items = [.. value?.Items() ?? []];
        if (items.Count > MaxItems)
            throw value!.Value.Invalid($"may hold at most {MaxItems} items, not {items.Count}.");

        ItemReader reader = new(sealer, _ => null);
        foreach (RequestValue item in items)
            reader.Add(item);

        fields.RefuseRest();
        return new ConversationRequest
        {
            Items = [.. items.Select(item => InputItems.Settle(item.Element, _ => null))],
            Metadata = metadata,
        };
    }

    private static JsonObject ReadMetadata(RequestFields fields)
    {
        GenerationFields.ReadMetadata(fields);
        return fields.Take("metadata") is { } value ? JsonObject.Create(value.Element.Clone())! : [];
    }
}
