using System.Security.Cryptography;
using QwenSharp.Numerics;

namespace QwenSharp.Cli.Training;

/// <summary>Tells whether what a run was begun with is still the same.</summary>
internal static class ContentHash
{
    /// <summary>Of bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8));

    /// <summary>Of the first row of each tensor: to read all of a large model takes long, and another model differs everywhere.</summary>
    public static string Of(IEnumerable<Tensor> tensors)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Tensor tensor in tensors)
            hash.AppendData(tensor.RowData(0));

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
