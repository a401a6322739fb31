using System.Text.Unicode;
using QwenSharp.Numerics;

namespace QwenSharp.Formats.Tests;

/// <summary>Reads all that a file that opened must let one read.</summary>
internal static class Every
{
    public static long Value(GgufFile file)
    {
        long sum = 0;
        foreach (Tensor tensor in file.Tensors)
        {
            for (int row = 0; row < tensor.Rows; row++)
            {
                foreach (byte value in tensor.RowData(row))
                    sum += value;
            }
        }

        foreach ((string key, GgufValue value) in file.Metadata)
        {
            Assert.True(file.Metadata.TryGetValue(key, out _));
            Value(value);
        }

        Assert.NotNull(CheckpointSummary.Of(file));
        return sum;
    }

    public static void Value(GgufValue value)
    {
        bool read = value.TryGetInteger(out Int128 _) || value.TryGetFloat(out _) || value.TryGetBool(out _) || value.TryGetString(out _)
            || value.TryGetIntegers(out Int128[]? _) || value.TryGetFloats(out _) || value.TryGetBools(out _)
            || (value.TryGetStrings(out GgufStringArray? strings) && strings.All(text => Utf8.IsValid(text.Span)))
            || (value.TryGetArrays(out GgufValue[]? arrays) && arrays.Length == value.Count)
            || value.Type == GgufValueType.Float64 || value.ElementType == GgufValueType.Float64;
        Assert.True(read, value.ToString());

        if (value.TryGetArrays(out GgufValue[]? inner))
        {
            foreach (GgufValue array in inner)
                Value(array);
        }
    }
}
