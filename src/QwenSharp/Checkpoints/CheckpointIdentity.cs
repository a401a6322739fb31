using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Checkpoints;

/// <summary>What tells a model, or an adapter, from all others, so that what was computed with one is never taken for another's.</summary>
internal static class CheckpointIdentity
{
    // Weights are not read as a whole, which would take minutes of a large model: of each tensor these bytes of a few rows.
    private const int SampledBytes = 4096;

    /// <summary>
    /// A hash of the files' sizes and times of change, of all metadata, of the tensors' names, types and shapes, and of a sample of each
    /// one's weights: its first, its middle and its last row, up to 4 KiB of each. Another model differs in the sample; who changes weights
    /// in place changes the time.
    /// </summary>
    public static string Of(Checkpoint file)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (FileInfo part in file.Files.Select(path => new FileInfo(path)))
            hash.AppendData(MemoryMarshal.AsBytes([part.Length, part.LastWriteTimeUtc.Ticks]));

        foreach ((string key, GgufValue value) in file.Metadata)
        {
            Append(hash, $"{key} {value.Type} {value.Encoded.Length}");
            hash.AppendData(value.Encoded.Span);
        }

        foreach (Tensor tensor in file.Tensors)
        {
            Append(hash, tensor.ToString());
            foreach (int row in tensor.Rows == 0 ? [] : (int[])[0, tensor.Rows / 2, tensor.Rows - 1])
            {
                ReadOnlySpan<byte> data = tensor.RowData(row);
                hash.AppendData(data[..Math.Min(data.Length, SampledBytes)]);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A hash of an adapter's name and of all that it changes.</summary>
    public static string Of(string name, LoraAdapter adapter)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, name);
        foreach (LoraPair pair in adapter.Pairs)
        {
            Append(hash, pair.Target);
            hash.AppendData(MemoryMarshal.AsBytes([adapter.ScaleOf(pair)]));
            foreach (Tensor tensor in (Tensor[])[pair.A, pair.B])
            {
                Append(hash, tensor.ToString());
                for (int row = 0; row < tensor.Rows; row++)
                    hash.AppendData(tensor.RowData(row));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A name as that of a file: what not every file system takes stands for itself in a hash.</summary>
    public static string FileNameOf(string name)
    {
        const int Longest = 100;
        string plain = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_'));
        return plain == name && name.Length <= Longest && !name.StartsWith('.')
            ? name
            : $"_{plain[..Math.Min(plain.Length, Longest)]}-"
                + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..12];
    }

    // With its length, lest two texts be one.
    private static void Append(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }
}
