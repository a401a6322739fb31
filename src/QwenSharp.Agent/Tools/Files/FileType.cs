using System.Buffers.Binary;

namespace QwenSharp.Agent.Tools.Files;

/// <summary>What a file that is no text is, told by its first bytes.</summary>
/// <param name="MediaType">As in <c>image/png</c>; null where it is not one that models are shown.</param>
/// <param name="Name">In words.</param>
internal sealed record FileType(string? MediaType, string Name)
{
    /// <summary>The type of a file's bytes; null where it may be text.</summary>
    public static FileType? Of(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => new FileType("image/png", "a PNG image" + Size(bytes)),
        [0xFF, 0xD8, 0xFF, ..] => new FileType("image/jpeg", "a JPEG image"),
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..] => new FileType("image/gif", "a GIF image"),
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] =>
            new FileType("image/webp", "a WebP image"),
        [(byte)'%', (byte)'P', (byte)'D', (byte)'F', (byte)'-', ..] => new FileType("application/pdf", "a PDF document"),
        [(byte)'P', (byte)'K', 3, 4, ..] => new FileType(null, "a ZIP archive, or a format made of one"),
        [0x1F, 0x8B, ..] => new FileType(null, "gzip-compressed"),
        [0x7F, (byte)'E', (byte)'L', (byte)'F', ..] => new FileType(null, "an ELF program or library"),
        [(byte)'M', (byte)'Z', ..] when bytes.Contains((byte)0) => new FileType(null, "a Windows program or library"),
        [(byte)'S', (byte)'Q', (byte)'L', (byte)'i', (byte)'t', (byte)'e', ..] => new FileType(null, "an SQLite database"),
        _ => null,
    };

    private static string Size(ReadOnlySpan<byte> png) => png.Length < 24
        ? ""
        : $" of {BinaryPrimitives.ReadInt32BigEndian(png[16..])} × {BinaryPrimitives.ReadInt32BigEndian(png[20..])} pixels";
}
