using Microsoft.Extensions.AI;

namespace QwenSharp.Gateway.Providers.Conversation;

/// <summary>A picture, a sound, a film or a document of a conversation.</summary>
/// <param name="Kind">Which: <c>image</c>, <c>audio</c>, <c>video</c>, <c>document</c>.</param>
/// <param name="MediaType">Its type, such as <c>image/png</c>.</param>
/// <param name="Content">The content that it is.</param>
internal sealed record Media(string Kind, string MediaType, AIContent Content)
{
    /// <summary>Its bytes; null where it lies elsewhere.</summary>
    public DataContent? Data => Content as DataContent;

    /// <summary>Its name as a file.</summary>
    public string? Name => Data?.Name;

    /// <summary>Where it lies, or all of it as a <c>data:</c> address.</summary>
    public string Url => Content is UriContent uri ? uri.Uri.OriginalString : Data!.Uri;

    /// <summary>Its bytes in Base64.</summary>
    public string Base64 => Data!.Base64Data.ToString();

    /// <summary>The word behind the slash of its type.</summary>
    public string Subtype => MediaType[(MediaType.IndexOf('/') + 1)..];

    /// <summary>The medium that a content is; null where it is none.</summary>
    public static Media? Of(AIContent content) => content switch
    {
        DataContent data => new Media(KindOf(data.MediaType), data.MediaType, data),
        UriContent uri => new Media(KindOf(uri.MediaType), uri.MediaType, uri),
        _ => null,
    };

    private static string KindOf(string mediaType) => mediaType.Split('/')[0] switch
    {
        "image" => "image",
        "audio" => "audio",
        "video" => "video",
        _ => "document",
    };
}
