using System.Runtime.InteropServices;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Tests;

/// <summary>Writes an adapter of rank 1 that has a <see cref="ScriptedCheckpoint"/> begin its answer with another of its pieces.</summary>
internal static class ScriptedAdapter
{
    // Where a scripted vocabulary has the newline that the answer follows, and its pieces: behind the bytes and one merge.
    private const int Newline = '\n', FirstPiece = 257;

    /// <summary>Writes the adapter: a GGUF file, or a PEFT folder where the path has no such extension.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="model">The scripted checkpoint, in GGUF.</param>
    /// <param name="piece">Which piece comes first: its number, from 0.</param>
    /// <returns>The path.</returns>
    public static string Write(string path, string model, int piece)
    {
        using GgufFile file = GgufFile.Open(model);
        Tensor head = file.GetTensor("output.weight");
        float[] a = new float[head.Columns], b = new float[head.Rows];
        (a[Newline], b[FirstPiece + piece]) = (1, 10);
        LoraAdapter adapter = new(
            "scripted",
            file.Metadata.GetString("general.architecture"),
            2,
            [new LoraPair(head.Name, Matrix(a, [head.Columns, 1]), Matrix(b, [1, head.Rows]))]);
        if (path.EndsWith(".gguf", StringComparison.Ordinal))
            AdapterFile.WriteGguf(adapter, path);
        else
            AdapterFile.WritePeft(adapter, path, model);

        return path;
    }

    private static Tensor Matrix(float[] values, long[] shape) =>
        Tensor.Copy("matrix", TensorType.F32, shape, MemoryMarshal.AsBytes<float>(values));
}
