using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>
/// <c>cache_control</c>, which may stand on every block, on tools and on the request. A model of this process keeps what it has computed
/// and finds it again without; the usage says what was found.
/// </summary>
internal static class CacheControl
{
    /// <summary>How long everything up to here is to be kept; empty where that is left open, null where it is not asked.</summary>
    public static string? Take(RequestFields fields)
    {
        if (fields.Take("cache_control") is not { } value)
            return null;

        RequestFields control = value.Fields();
        RequestValue type = control.Require("type");
        if (type.String() != "ephemeral")
            throw type.Invalid($"must be 'ephemeral', not '{Excerpt.Of(type.String())}'.");

        string kept = "";
        if (control.Take("ttl") is { } life)
        {
            kept = life.String();
            if (kept is not ("5m" or "1h"))
                throw life.Invalid($"must be '5m' or '1h', not '{Excerpt.Of(kept)}'.");
        }

        control.Take("scope")?.String();
        control.RefuseRest();
        return kept;
    }
}
