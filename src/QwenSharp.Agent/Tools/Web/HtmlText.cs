using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace QwenSharp.Agent.Tools.Web;

/// <summary>What a web page says, as Markdown or as plain text. Pages are rarely correct: nothing here depends on it.</summary>
internal static partial class HtmlText
{
    private static readonly HashSet<string> Blocks =
        ["p", "div", "section", "article", "table", "tr", "ul", "ol", "blockquote", "header", "footer", "main", "dl", "dt", "dd",
         "figure"];

    /// <summary>The page's text.</summary>
    /// <param name="html">The page.</param>
    /// <param name="isMarkdown">Whether headings, links, lists and code are marked.</param>
    public static string Of(string html, bool isMarkdown)
    {
        html = Unseen().Replace(html, " ");
        StringBuilder text = new();
        string? link = null;
        bool isPlain = false;
        int at = 0;
        foreach (ValueMatch match in Tags().EnumerateMatches(html))
        {
            Add(text, html.AsSpan(at, match.Index - at), isPlain);
            ReadOnlySpan<char> tag = html.AsSpan(match.Index + 1, match.Length - 2);
            bool ends = tag is ['/', ..];
            string name = Name().Match(tag.TrimStart('/').ToString()).Value.ToLowerInvariant();
            string mark = isMarkdown ? Mark(name, ends) : name == "pre" ? "\n\n" : "";
            if (name == "pre")
                isPlain = !ends;

            if (isMarkdown && name == "a")
            {
                text.Append(ends ? link is null ? "" : $"]({link})" : "");
                Match href = Href().Match(tag.ToString());
                link = !ends && href.Success ? WebUtility.HtmlDecode(href.Groups[1].Value) : null;
                text.Append(link is null ? "" : "[");
            }

            if (Blocks.Contains(name) || name is ['h', >= '1' and <= '6'])
                text.Append("\n\n");
            else if (name is "br" || (name is "li" && !ends))
                text.Append('\n');
            else if (name is "td" or "th" && ends)
                text.Append(" | ");

            text.Append(mark);
            at = match.Index + match.Length;
        }

        Add(text, html.AsSpan(at), isPlain);
        return EmptyLines().Replace(Blanks().Replace(text.ToString(), "\n"), "\n\n").Trim();
    }

    private static string Mark(string name, bool ends) => name switch
    {
        ['h', >= '1' and <= '6' and var level] when !ends => new string('#', level - '0') + " ",
        "li" when !ends => "- ",
        "pre" => ends ? "\n```\n\n" : "\n\n```\n",
        "strong" or "b" => "**",
        _ => "",
    };

    private static void Add(StringBuilder text, ReadOnlySpan<char> html, bool isPlain)
    {
        if (html.IsEmpty)
            return;

        string decoded = WebUtility.HtmlDecode(html.ToString());
        text.Append(isPlain ? decoded : Spaces().Replace(decoded, " "));
    }

    [GeneratedRegex(@"<!--[\s\S]*?-->|<(script|style|noscript|svg|template|head)\b[\s\S]*?</\1\s*>", RegexOptions.IgnoreCase)]
    private static partial Regex Unseen();

    [GeneratedRegex(@"</?[a-zA-Z!][^>]*>")]
    private static partial Regex Tags();

    [GeneratedRegex(@"^[a-zA-Z][a-zA-Z0-9]*")]
    private static partial Regex Name();

    [GeneratedRegex(@"\bhref\s*=\s*[""']?([^""'\s>]+)", RegexOptions.IgnoreCase)]
    private static partial Regex Href();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"[ \t]+\n")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"\n{3,}")]
    private static partial Regex EmptyLines();
}
