using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.OpenAI.Responses;

/// <summary>Items as a list of the protocol, a page at a time: <c>limit</c>, <c>order</c> and <c>after</c>.</summary>
internal static class ItemPage
{
    private const int Default = 20, Most = 100;
    private static readonly string[] Known = ["limit", "order", "after", "include", "include[]"];

    /// <summary>The page that a query asks for.</summary>
    public static JsonObject Of(IReadOnlyList<JsonElement> items, IQueryCollection query)
    {
        if (query.Keys.FirstOrDefault(key => !Known.Contains(key)) is { } unknown)
            throw new OptionNotSupportedException(Excerpt.Of(unknown), "is not a parameter that this server honours. Leave it out.");

        int limit = Default;
        if (query["limit"].FirstOrDefault() is { } said
            && (!int.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > Most))
        {
            throw Wrong("limit", $"must be an integer from 1 to {Most}.");
        }

        bool ascends = query["order"].FirstOrDefault() switch
        {
            null or "desc" => false,
            "asc" => true,
            _ => throw Wrong("order", "must be asc or desc."),
        };
        IEnumerable<JsonElement> ordered = ascends ? items : items.Reverse();
        if (query["after"].FirstOrDefault() is { } after)
        {
            if (items.All(item => StoredObject.IdOf(item) != after))
                throw Wrong("after", $"is '{Excerpt.Of(after)}', which none of the items is called.");

            ordered = ordered.SkipWhile(item => StoredObject.IdOf(item) != after).Skip(1);
        }

        List<JsonElement> rest = [.. ordered.Take(limit + 1)];
        return Of([.. rest.Take(limit)], rest.Count > limit);
    }

    /// <summary>A list of items.</summary>
    public static JsonObject Of(IReadOnlyList<JsonElement> items, bool hasMore) => new()
    {
        ["object"] = "list",
        ["data"] = new JsonArray([.. items.Select(item => JsonObject.Create(item))]),
        ["first_id"] = items is [var first, ..] ? StoredObject.IdOf(first) : null,
        ["last_id"] = items is [.., var last] ? StoredObject.IdOf(last) : null,
        ["has_more"] = hasMore,
    };

    private static OptionException Wrong(string name, string problem) => new(OptionFault.Of(FaultKind.OutOfRange, name, problem));
}
