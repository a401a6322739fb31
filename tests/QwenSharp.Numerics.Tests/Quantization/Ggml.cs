using System.Runtime.InteropServices;

namespace QwenSharp.Numerics.Tests;

/// <summary>ggml's own quantisation, from <see cref="Checkout.LlamaLibraries"/>.</summary>
internal static unsafe class Ggml
{
    private static readonly Lazy<nint> Library = new(() => File() is { } file ? NativeLibrary.Load(file) : 0);

    /// <summary>Skips the test where ggml is not installed.</summary>
    public static void Require() =>
        Assert.SkipWhen(Library.Value == 0, "ggml's library (node-llama-cpp under bench/QwenSharp.Peers) is not installed.");

    /// <summary>dequantize_row_*.</summary>
    public static float[] Dequantize(TensorType type, byte[] data, int count)
    {
        string name = type.ToString().ToLowerInvariant().Replace("_k", "_K", StringComparison.Ordinal);
        nint export = NativeLibrary.GetExport(Library.Value, $"dequantize_row_{name}");
        float[] values = new float[count];
        fixed (byte* from = data)
        fixed (float* to = values)
            ((delegate* unmanaged[Cdecl]<byte*, float*, long, void>)export)(from, to, count);

        return values;
    }

    /// <summary>ggml_quantize_chunk.</summary>
    public static byte[] Quantize(TensorType type, float[] values, int columns, float[]? importance)
    {
        nint export = NativeLibrary.GetExport(Library.Value, "ggml_quantize_chunk");
        byte[] data = new byte[type.Bytes(values.Length)];
        fixed (float* from = values, weights = importance)
        fixed (byte* to = data)
        {
            nuint written = ((delegate* unmanaged[Cdecl]<int, float*, void*, long, long, long, float*, nuint>)export)(
                (int)type, from, to, 0, values.Length / columns, columns, weights);
            Assert.Equal((nuint)data.Length, written);
        }

        return data;
    }

    private static string? File()
    {
        string folder = Checkout.LlamaLibraries;
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*ggml-base*").Order().FirstOrDefault() : null;
    }
}
