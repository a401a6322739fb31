using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Anthropic;

/// <summary>Writes the blocks of a turn.</summary>
internal sealed partial class BlockWriter(bool takesAddresses, CacheMarks marks, Losses losses)
{
    /// <summary>Text or a medium as a block; null for what is empty or has none.</summary>
    public JsonObject? Write(AIContent content, string path)
    {
        JsonObject? block = content switch
        {
            TextContent { Text.Length: 0 } => null,
            TextContent text => new JsonObject { ["type"] = "text", ["text"] = text.Text },
            HostedFileContent file => File(file),
            _ => Medium(content, path),
        };
        if (block is not null)
            marks.Write(block, content.CacheLifetime, path);

        losses.AddIf(content is TextContent { Annotations.Count: > 0 }, $"{path}.citations");
        return block;
    }

    public JsonObject Call(FunctionCallContent call, string path)
    {
        JsonObject block = new()
        {
            ["type"] = "tool_use",
            ["id"] = Id(call.CallId),
            ["name"] = call.Name,
            ["input"] = Input(call, path),
        };
        marks.Write(block, call.CacheLifetime, path);
        return block;
    }

    public JsonObject Result(FunctionResultContent content, string path)
    {
        ToolResult result = ToolResult.Of(content);
        JsonObject block = new() { ["type"] = "tool_result", ["tool_use_id"] = Id(result.CallId) };
        if (result.HasFailed)
            block["is_error"] = true;

        if (result.Parts is [TextContent { CacheLifetime: null } only])
            block["content"] = only.Text;
        else if (result.Parts.Count > 0)
            block["content"] = WireNodes.Array(result.Parts.Select(part => Write(part, path)).OfType<JsonObject>());

        marks.Write(block, content.CacheLifetime, path);
        return block;
    }

    private JsonObject? Medium(AIContent content, string path)
    {
        Media? media = Media.Of(content);
        if (media?.Kind is not ("image" or "document") || (media.Data is null && !takesAddresses))
        {
            losses.Add($"{path}.{media?.Kind ?? content.GetType().Name}");
            return null;
        }

        losses.AddIf(content.Property(ContentKeys.Detail) is not null, $"{path}.image.detail");
        JsonObject block = new() { ["type"] = media.Kind, ["source"] = Source(media) };
        if (media.Kind == "document")
            Describe(block, content, media.Name);

        return block;
    }

    private static JsonObject Source(Media media) => media switch
    {
        { Data: null } => new JsonObject { ["type"] = "url", ["url"] = media.Url },
        { MediaType: "text/plain" } => new JsonObject
        {
            ["type"] = "text",
            ["media_type"] = "text/plain",
            ["data"] = Encoding.UTF8.GetString(media.Data.Data.Span),
        },
        _ => new JsonObject { ["type"] = "base64", ["media_type"] = media.MediaType, ["data"] = media.Base64 },
    };

    private static JsonObject File(HostedFileContent file)
    {
        bool isImage = file.MediaType?.StartsWith("image/", StringComparison.Ordinal) is true;
        JsonObject block = new()
        {
            ["type"] = isImage ? "image" : "document",
            ["source"] = new JsonObject { ["type"] = "file", ["file_id"] = file.FileId },
        };
        if (!isImage)
            Describe(block, file, file.Name);

        return block;
    }

    private static void Describe(JsonObject block, AIContent content, string? name)
    {
        if ((content.Property(ContentKeys.Title) ?? name) is { } title)
            block["title"] = title;

        if (content.Property(ContentKeys.Context) is { } context)
            block["context"] = context;

        if (content.Has(ContentKeys.Citations))
            block["citations"] = new JsonObject { ["enabled"] = true };
    }

    // Arguments are an object here. What a model wrote that is none is told as it is.
    private JsonNode Input(FunctionCallContent call, string path)
    {
        if (call.Property(ContentKeys.RawArguments) is { } raw)
        {
            losses.Add($"{path}.arguments");
            return new JsonObject { ["input"] = raw };
        }

        return JsonNode.Parse(call.ArgumentsText, documentOptions: new JsonDocumentOptions { MaxDepth = 128 })!;
    }

    private static string Id(string id) => Other().Replace(id, "_");

    [GeneratedRegex("[^a-zA-Z0-9_-]")]
    private static partial Regex Other();
}
