using QwenSharp.Numerics;

namespace QwenSharp.Formats.Tests;

/// <summary>A small valid file with every value type and several storage types.</summary>
internal static class Sample
{
    public static readonly (string Key, GgufValue Value)[] Metadata =
    [
        ("general.architecture", "qwen3"),
        ("general.name", "Täglich 千问 🙂"),
        ("a.uint8", GgufValue.Of((byte)200)),
        ("a.int8", GgufValue.Of((sbyte)-100)),
        ("a.uint16", GgufValue.Of((ushort)60_000)),
        ("a.int16", GgufValue.Of((short)-30_000)),
        ("a.uint32", uint.MaxValue),
        ("a.int32", int.MinValue),
        ("a.uint64", GgufValue.Of(ulong.MaxValue)),
        ("a.int64", GgufValue.Of(long.MinValue)),
        ("a.float32", 1e6f),
        ("a.float64", GgufValue.Of(0.25)),
        ("a.bool", true),
        ("a.empty", ""),
        ("a.int32s", GgufValue.ArrayOf(1, -2, 3)),
        ("a.uint8s", GgufValue.ArrayOf<byte>(1, 2, 255)),
        ("a.float32s", GgufValue.ArrayOf(0.5f, -1f)),
        ("a.float64s", GgufValue.ArrayOf(0.5, 1e300)),
        ("a.bools", GgufValue.ArrayOf(true, false, true)),
        ("a.strings", GgufValue.ArrayOf("a", "", "Ġthe", "🙂")),
        ("a.none", GgufValue.ArrayOf<int>()),
        ("a.nested", GgufValue.ArrayOf(GgufValue.ArrayOf(1, 2), GgufValue.ArrayOf("x"), GgufValue.ArrayOf(GgufValue.ArrayOf<byte>(7)))),
    ];

    public static readonly (string Name, TensorType Type, long[] Shape)[] Tensors =
    [
        ("token_embd.weight", TensorType.Q8_0, [32, 6]),
        ("output_norm.weight", TensorType.F32, [32]),
        ("blk.0.ffn_down.weight", TensorType.Q4_K, [256, 2]),
        ("blk.0.ffn_gate_exps.weight", TensorType.BF16, [2, 3, 2, 2]),
        ("blk.0.one", TensorType.F16, [1]),
    ];

    public static GgufWriter Writer(params ReadOnlySpan<(string Key, GgufValue Value)> more)
    {
        GgufWriter writer = new();
        foreach ((string key, GgufValue value) in (ReadOnlySpan<(string, GgufValue)>)[.. Metadata, .. more])
            writer.Add(key, value);
        foreach ((string name, TensorType type, long[] shape) in Tensors)
            writer.AddTensor(name, type, shape, stream => stream.Write(Data(name, type, shape)));

        return writer;
    }

    /// <summary>The data of a tensor: bytes that depend on its name.</summary>
    public static byte[] Data(string name, TensorType type, ReadOnlySpan<long> shape)
    {
        long elements = 1;
        foreach (long length in shape)
            elements *= length;

        byte[] data = new byte[type.Bytes(elements)];
        for (int i = 0; i < data.Length; i++)
            data[i] = (byte)(name.Length * 31 + name[^1] + i * 7);

        return data;
    }

    public static byte[] Bytes(params ReadOnlySpan<(string Key, GgufValue Value)> more)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("sample.gguf");
        Writer(more).Save(path);
        return File.ReadAllBytes(path);
    }
}
