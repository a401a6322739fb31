using Microsoft.Extensions.AI;

namespace QwenSharp.Protocols.Requests;

/// <summary>Pictures, sounds, films and documents of requests as neutral contents.</summary>
internal static class Medium
{
    /// <summary>What lies at an address, or all of it where that begins with <c>data:</c>.</summary>
    /// <param name="address">The address.</param>
    /// <param name="type">Its media type where the address does not say it, such as <c>image/*</c>.</param>
    public static AIContent At(RequestValue address, string type) => TryAt(address, type)
        ?? throw address.Invalid("is neither an address nor data that is written as 'data:TYPE;base64,BASE64'.");

    /// <summary>The same; null where the address is none.</summary>
    public static AIContent? TryAt(RequestValue address, string type)
    {
        string text = address.String();
        try
        {
            return text.StartsWith("data:", StringComparison.OrdinalIgnoreCase)
                ? new DataContent(text)
                : new UriContent(new Uri(text, UriKind.RelativeOrAbsolute), type);
        }
        catch (Exception fault) when (fault is ArgumentException or UriFormatException)
        {
            return null;
        }
    }

    /// <summary>What is written in Base64.</summary>
    /// <param name="data">The Base64.</param>
    /// <param name="type">Its media type.</param>
    public static DataContent Of(RequestValue data, string type)
    {
        byte[] bytes = BytesOf(data);
        return new DataContent(bytes, type);
    }

    /// <summary>A picture in Base64, whose type its first bytes say.</summary>
    public static DataContent Picture(RequestValue data)
    {
        byte[] bytes = BytesOf(data);
        return new DataContent(bytes, TypeOf(bytes));
    }

    private static byte[] BytesOf(RequestValue data)
    {
        try
        {
            return Convert.FromBase64String(data.String());
        }
        catch (FormatException)
        {
            throw data.Invalid("is not Base64.");
        }
    }

    // https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern
    private static string TypeOf(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "image/jpeg"
        : bytes.StartsWith("GIF8"u8) ? "image/gif"
        : bytes.StartsWith("RIFF"u8) && bytes.Length > 12 && bytes[8..12].SequenceEqual("WEBP"u8) ? "image/webp"
        : "image/png";
}
