using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>The <c>source</c> of a picture or a document.</summary>
internal static class SourceReader
{
    /// <summary>What it has, or where that is.</summary>
    /// <param name="source">Its fields.</param>
    /// <param name="type">The media type where the source does not say it.</param>
    public static AIContent Read(RequestFields source, string type)
    {
        RequestValue kind = source.Require("type");
        AIContent content = kind.String() switch
        {
            "base64" => Medium.Of(source.Require("data"), source.Require("media_type").String()),
            "url" => Medium.At(source.Require("url"), type),
            "file" => new HostedFileContent(source.Require("file_id").String()),
            string other => throw kind.Invalid($"must be base64, url or file, not '{Excerpt.Of(other)}'."),
        };
        source.RefuseRest();
        return content;
    }
}
