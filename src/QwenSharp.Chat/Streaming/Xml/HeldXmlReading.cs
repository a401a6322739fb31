using System.Text.Encodings.Web;
using System.Text.Json;
using QwenSharp.Chat.Streaming.Arguments;

namespace QwenSharp.Chat.Streaming.Xml;

/// <summary>
/// Reads <c>&lt;function=f&gt;</c> and its parameters, a line each, as compact JSON: text as it is written, any other value once its
/// parameter is closed, for only then is it known what it stands for.
/// </summary>
internal sealed class HeldXmlReading(OfferedTools tools) : HeldReading
{
    private const string Head = $"{CallWatch.Opening}\n<function=",
        Parameter = "<parameter=",
        EndOfName = ">\n",
        EndOfValue = "\n</parameter>\n",
        EndOfFunction = "</function>\n",
        Tail = "</tool_call>";

    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    private readonly HashSet<string> _given = [];
    private OfferedTool? _tool;

    /// <summary>What the open value may be; null between values.</summary>
    private ArgumentSchema? _schema;

    /// <summary>Whether the open value is text, and its quote was written.</summary>
    private bool _inText;

    public override int Read(ReadOnlySpan<char> text)
    {
        int at = 0;
        while (!IsEnded && !IsOther)
        {
            ReadOnlySpan<char> rest = text[at..];
            int done = Name is null ? ReadHead(rest)
                : IsWhole ? ReadTail(rest)
                : _schema is null ? ReadTag(rest)
                : ReadValue(rest, _schema);
            if (done == 0)
                break;

            at += done;
        }

        return at;
    }

    public override void End()
    {
        if (Name is not null && !IsWhole && _schema is null && _given.Count > 0 && _tool!.HasRequired(_given))
            Close();

        base.End();
    }

    private int ReadHead(ReadOnlySpan<char> text)
    {
        if (Begins(text, Head) is not true and var begins)
        {
            IsOther = begins == false;
            return 0;
        }

        if (NameAt(text[Head.Length..]) is not { } name)
            return 0;

        _tool = tools.Find(name);
        IsOther = _tool is null;
        if (IsOther)
            return 0;

        Name = name;
        Arguments.Append('{');
        return Head.Length + name.Length + EndOfName.Length;
    }

    private int ReadTag(ReadOnlySpan<char> text)
    {
        if (Begins(text, EndOfFunction) == true)
        {
            Close();
            return EndOfFunction.Length;
        }

        // What the mask does not allow would end the call as it is.
        if (Begins(text, Parameter) is not true and var begins)
        {
            IsEnded = begins == false && Begins(text, EndOfFunction) == false;
            return 0;
        }

        if (NameAt(text[Parameter.Length..]) is not { } name)
            return 0;

        Arguments.Append(_given.Count > 0 ? "," : "").Append('"').Append(Encoder.Encode(name)).Append("\":");
        _given.Add(name);
        _schema = _tool!.SchemaOf(name);
        return Parameter.Length + name.Length + EndOfName.Length;
    }

    private int ReadValue(ReadOnlySpan<char> text, ArgumentSchema schema)
    {
        int end = text.IndexOf(EndOfValue);
        ReadOnlySpan<char> said = end < 0 ? text[..WholeCharacters(text[..BeforeEnd(text)])] : text[..end];
        said = end >= 0 && said.EndsWith('\r') ? said[..^1] : said;
        if (!_inText && ArgumentText.IsText(said, schema))
        {
            Arguments.Append('"');
            _inText = true;
        }

        if (_inText)
            Arguments.Append(Encoder.Encode(said.ToString()));
        if (end < 0)
            return _inText ? said.Length : 0;

        Arguments.Append(_inText ? "\"" : Json(ArgumentText.Typed(said.ToString(), schema)));
        (_schema, _inText) = (null, false);
        return end + EndOfValue.Length;
    }

    private int ReadTail(ReadOnlySpan<char> text)
    {
        if (Begins(text, Tail) is not { } closes)
            return 0;

        IsEnded = true;
        return closes ? Tail.Length : 0;
    }

    private void Close()
    {
        Arguments.Append('}');
        IsWhole = true;
    }

    private static string? NameAt(ReadOnlySpan<char> text) => text.IndexOf(EndOfName) is >= 0 and int end ? text[..end].ToString() : null;

    // Where the end of the value may have begun.
    private static int BeforeEnd(ReadOnlySpan<char> text)
    {
        int at = Math.Max(0, text.Length - EndOfValue.Length);
        while (at < text.Length && !EndOfValue.AsSpan().StartsWith(text[at..]))
            at++;

        return at > 0 && text[at - 1] == '\r' ? at - 1 : at;
    }

    private static string Json(object value) => value switch
    {
        JsonElement json => json.GetRawText(),
        bool truth => truth ? "true" : "false",
        _ => $"\"{Encoder.Encode((string)value)}\"",
    };
}
