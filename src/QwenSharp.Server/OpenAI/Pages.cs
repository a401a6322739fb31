using System.Globalization;
using QwenSharp.Faults;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.OpenAI;

/// <summary>Lists page by page, as <c>limit</c> and <c>after</c> of a request's address ask.</summary>
internal static class Pages
{
    /// <summary>The page of all that is asked for.</summary>
    public static Page<T> Of<T>(IReadOnlyList<T> all, Func<T, string> idOf, IQueryCollection query, int usual, int most)
    {
        string? text = query["limit"].FirstOrDefault();
        int limit = string.IsNullOrEmpty(text) ? usual
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given > 0 && given <= most ? given
            : throw new OptionException(OptionFault.OutOfRange("limit", Excerpt.Of(text), Bounds.Between(1, most)));
        IReadOnlyList<T> rest = query["after"].FirstOrDefault() is { Length: > 0 } after
            ? [.. all.SkipWhile(item => idOf(item) != after).Skip(1)]
            : all;
        IReadOnlyList<T> page = [.. rest.Take(limit)];
        return new Page<T>(
            page, rest.Count > page.Count, page.Count > 0 ? idOf(page[0]) : null, page.Count > 0 ? idOf(page[^1]) : null);
    }
}
