namespace QwenSharp.Chat.Jinja.Builtins;

/// <summary>HTML escaping, as <c>escape</c> and text marked <c>safe</c> ask for it.</summary>
internal static class Html
{
    /// <summary>Escapes text unless it is marked as HTML already.</summary>
    public static Text Escape(Runtime runtime, Text text, bool force = false)
    {
        if (text.IsMarkup && !force)
            return text;

        TextBuilder escaped = runtime.NewBuilder();
        int done = 0;
        for (int at; (at = text.Value.AsSpan(done).IndexOfAny("&<>'\"")) >= 0; done = at + 1)
        {
            at += done;
            string entity = text.Value[at] switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '\'' => "&#39;", _ => "&#34;" };
            escaped.Append(text.Slice(done, at - done)).Append(entity, text);
        }

        return escaped.Append(text.Slice(done, text.Value.Length - done)).ToText().AsMarkup();
    }
}
