using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace QwenSharp.Hub;

/// <summary>
/// What a file's content must hash to: SHA-256 of the bytes for large files (Git LFS), and for the others Git's blob id,
/// SHA-1 of <c>"blob " + length + "\0" + bytes</c> (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects). Hubs use it as the ETag,
/// caches as the file's name.
/// </summary>
/// <param name="Hex">64 or 40 hexadecimal digits in lower case.</param>
public readonly record struct ContentHash(string Hex)
{
    private const int Sha256Digits = 64;
    private const int Sha1Digits = 40;

    /// <summary>Whether this is SHA-256 rather than Git's blob id.</summary>
    public bool IsSha256 => Hex.Length == Sha256Digits;

    /// <summary>Reads a hash; null where the text is none.</summary>
    public static ContentHash? Parse(string? text) =>
        text is { Length: Sha256Digits or Sha1Digits } && text.All(char.IsAsciiHexDigit) ? new ContentHash(text.ToLowerInvariant()) : null;

    /// <summary>Whether a file has this content.</summary>
    /// <param name="path">The file.</param>
    /// <param name="read">Told the number of bytes after each piece.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    internal async Task<bool> MatchesAsync(string path, Action<long>? read, CancellationToken cancellationToken)
    {
        FileStream stream = new(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite,
            bufferSize: 0,
            FileOptions.Asynchronous | FileOptions.SequentialScan);
        await using (stream.ConfigureAwait(false))
        {
            using IncrementalHash hash = Begin(stream.Length);
            byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
            try
            {
                int count;
                while ((count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    hash.AppendData(buffer, 0, count);
                    read?.Invoke(count);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset()) == Hex;
        }
    }

    private IncrementalHash Begin(long length)
    {
        if (IsSha256)
            return IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

#pragma warning disable CA5350 // Git names its blobs so; it is not a choice of ours.
        IncrementalHash blob = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        blob.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {length}\0")));
        return blob;
    }
}
