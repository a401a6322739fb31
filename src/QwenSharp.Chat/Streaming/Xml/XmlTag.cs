namespace QwenSharp.Chat.Streaming.Xml;

internal enum XmlTagKind
{
    /// <summary>Characters other than white space and tags; once, however many.</summary>
    Text,
    CallOpen,
    CallClose,
    FunctionOpen,
    FunctionClose,
    ParameterOpen,
    ParameterClose,
}

/// <summary>A tag, or text between two.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="End">Where it ends; of text, where it begins.</param>
/// <param name="Line">Where its line begins.</param>
/// <param name="Name">What it opens: a function or a parameter.</param>
internal readonly record struct XmlTag(XmlTagKind Kind, int Start, int End, int Line, string Name);
