using System.Security.Cryptography;

namespace QwenSharp.Server.Models;

/// <summary>Files by the hash of their content, as clients upload them: there whole and right, or not at all.</summary>
/// <param name="folder">Where they are; made with the first.</param>
internal sealed class BlobStore(string folder)
{
    private const string Prefix = "sha256:";

    /// <summary>Whether a text is a digest: <c>sha256:</c> and 64 hexadecimal digits.</summary>
    public static bool IsDigest(string digest) =>
        digest.StartsWith(Prefix, StringComparison.Ordinal)
        && digest.Length == Prefix.Length + 64
        && digest[Prefix.Length..].All(char.IsAsciiHexDigitLower);

    /// <summary>The file of a digest; null where it is not here.</summary>
    public string? Find(string digest) => IsDigest(digest) && File.Exists(PathOf(digest)) ? PathOf(digest) : null;

    /// <summary>Keeps content, if it is what its digest says.</summary>
    /// <returns>Whether it is.</returns>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public async Task<bool> SaveAsync(string digest, Stream content, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        string partial = Path.Combine(folder, $"{Guid.NewGuid():N}.partial");
        try
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            FileStream file = File.Create(partial);
            await using (file.ConfigureAwait(false))
            {
                byte[] buffer = new byte[1 << 20];
                int read;
                while ((read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    hash.AppendData(buffer, 0, read);
                    await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                }

                file.Flush(flushToDisk: true);
            }

            if (Convert.ToHexStringLower(hash.GetHashAndReset()) != digest[Prefix.Length..])
                return false;

            File.Move(partial, PathOf(digest), overwrite: true);
            return true;
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private string PathOf(string digest) => Path.Combine(folder, digest.Replace(':', '-') + ".gguf");
}
