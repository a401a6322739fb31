using Microsoft.Extensions.AI;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>What a message takes from a page of the web.</summary>
/// <param name="UrlCitation">The page, and the place in the message.</param>
public sealed record ChatAnnotation(UrlCitation UrlCitation)
{
    /// <summary>Always <c>url_citation</c>.</summary>
    public string Type { get; } = "url_citation";

    /// <summary>The citations that are of pages; null where none is.</summary>
    internal static IReadOnlyList<ChatAnnotation>? Of(IReadOnlyList<CitationAnnotation> citations)
    {
        ChatAnnotation[] pages = [.. citations.Where(citation => citation.Url is not null).Select(Of)];
        return pages.Length > 0 ? pages : null;
    }

    private static ChatAnnotation Of(CitationAnnotation citation)
    {
        TextSpanAnnotatedRegion? place = citation.AnnotatedRegions?.OfType<TextSpanAnnotatedRegion>().FirstOrDefault();
        return new ChatAnnotation(
            new UrlCitation(citation.Url!.OriginalString, citation.Title ?? "", place?.StartIndex ?? 0, place?.EndIndex ?? 0));
    }
}

/// <summary>A page of the web, and what of a message is from it.</summary>
/// <param name="Url">The page's address.</param>
/// <param name="Title">Its title.</param>
/// <param name="StartIndex">Where in the message it begins, from 0.</param>
/// <param name="EndIndex">Where it ends.</param>
public sealed record UrlCitation(string Url, string Title, int StartIndex, int EndIndex);
