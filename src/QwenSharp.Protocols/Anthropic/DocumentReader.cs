using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>Blocks of the type <c>document</c>. A model of text reads those that are text, with what is told of them.</summary>
internal static class DocumentReader
{
    private const string Pdf = "application/pdf", Plain = "text/plain";

    /// <summary>A document of the user's: one that is no text is refused where only text is read.</summary>
    public static AIContent Read(RequestValue value, RequestFields fields)
    {
        (AIContent document, string? text) = ReadBoth(fields);
        return text is null ? document.Refused(MessageReader.NoText(value, "document").Fault) : document.ReadAs(text);
    }

    /// <summary>A document that a tool gave: the conversation goes on without one that is no text.</summary>
    public static AIContent ReadResult(RequestValue value, RequestFields fields)
    {
        (AIContent document, string? text) = ReadBoth(fields);
        return document.ReadAs(text ?? LeftOut.Text("document"));
    }

    private static (AIContent Document, string? Text) ReadBoth(RequestFields fields)
    {
        RequestFields source = fields.Require("source").Fields();
        string? title = fields.Take("title")?.String(), context = fields.Take("context")?.String();
        RequestValue? citations = fields.Take("citations");
        RequestValue type = source.Require("type");
        string? data = null;
        AIContent document;
        switch (type.String())
        {
            case "text":
                source.Take("media_type")?.String();
                data = source.Require("data").String();
                document = Text(data);
                break;
            case "content" when source.Require("content") is { IsString: true } given:
                data = given.String();
                document = Text(data);
                break;
            case "content":
                data = string.Join('\n', source.Require("content").Items().Select(block => MessageReader.ReadText(block).Text));
                document = Text(data);
                break;
            case "base64" or "url" or "file":
                document = SourceReader.Read(source, Pdf);
                break;
            default:
                throw type.Invalid("must be text, content, base64, url or file.");
        }

        source.RefuseRest();
        document.With(ContentKeys.Title, title).With(ContentKeys.Context, context);
        if (citations is { } asked && MessageReader.AsksForCitations(asked.Element))
        {
            document.With(ContentKeys.Citations, true).Refused(new OptionFault(
                FaultKind.NotSupported,
                asked.Path,
                $"{new OptionName(asked.Path)} is not honoured: answers come without citations. Only {{\"enabled\": false}} is accepted."));
        }

        string? text = data is null ? null : string.Join('\n', new[] { title, context, data }.Where(part => !string.IsNullOrEmpty(part)));
        return (document, text);
    }

    private static DataContent Text(string data) => new(Encoding.UTF8.GetBytes(data), Plain);
}
