using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>
/// <c>cache_control</c>, which may stand on every block, on tools and on the request. What was computed is kept and found again without it,
/// so that it is checked and changes nothing; the usage says what was found.
/// </summary>
internal static class CacheControl
{
    public static void Take(RequestFields fields)
    {
        if (fields.Take("cache_control") is not { } value)
            return;

        RequestFields control = value.Fields();
        RequestValue type = control.Require("type");
        if (type.String() != "ephemeral")
            throw type.Invalid($"must be 'ephemeral', not '{Excerpt.Of(type.String())}'.");

        if (control.Take("ttl") is { } life && life.String() is not ("5m" or "1h"))
            throw life.Invalid($"must be '5m' or '1h', not '{Excerpt.Of(life.String())}'.");

        control.Take("scope")?.String();
        control.RefuseRest();
    }
}
