using System.Runtime.InteropServices;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>A tensor of a Hugging Face folder in GGUF's terms: used where it lies, or decoded into memory of its own.</summary>
internal abstract record HuggingFaceWeight(string Name, TensorType Type, long[] Shape)
{
    /// <summary>The tensor with its data.</summary>
    public abstract Tensor Read();

    /// <summary>Bytes that it takes beside the mapped file once it is read.</summary>
    public abstract long DecodedBytes { get; }

    /// <summary>Elements of all dimensions.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, length) => product * length);

    /// <summary>Some of the rows, in any order: a copy.</summary>
    /// <param name="name">The name of the result.</param>
    /// <param name="runs">The rows, in runs of some that stay together.</param>
    /// <param name="rows">How many rows there must be.</param>
    /// <exception cref="ModelLoadException">There are not as many.</exception>
    public HuggingFaceWeight PickRows(string name, IReadOnlyList<(int First, int Count)> runs, int rows)
    {
        if (Shape.Length != 2 || Shape[1] != rows)
            throw new ModelLoadException($"Tensor '{Name}' of shape [{string.Join(", ", Shape)}] should have {rows} rows.");

        return new DecodedWeight(name, Type, [Shape[0], runs.Sum(run => run.Count)], buffer =>
        {
            Tensor source = Read();
            long to = 0;
            int bytes = checked((int)source.RowBytes);
            foreach ((int first, int count) in runs)
            {
                for (int row = first; row < first + count; row++, to += bytes)
                    source.RowData(row).CopyTo(buffer.Span(to, bytes));
            }

            GC.KeepAlive(source);
        });
    }

    /// <summary>The columns in another order: a copy.</summary>
    /// <param name="runs">All columns, in runs of some that stay together.</param>
    /// <param name="columns">How many columns there must be.</param>
    /// <exception cref="ModelLoadException">There are not as many, or a run does not fill the blocks of the type.</exception>
    public HuggingFaceWeight PickColumns(IReadOnlyList<(int First, int Count)> runs, int columns)
    {
        if (Shape.Length > 2 || Shape[0] != columns)
            throw new ModelLoadException($"Tensor '{Name}' of shape [{string.Join(", ", Shape)}] should have {columns} columns.");
        if (runs.Any(run => run.Count % Type.BlockLength() != 0))
        {
            throw new ModelLoadException(
                $"Tensor '{Name}' in {Type} cannot have its columns in another order: its blocks of {Type.BlockLength()} do "
                    + "not end with heads."
            );
        }

        return new DecodedWeight(Name, Type, Shape, buffer =>
        {
            Tensor source = Read();
            long to = 0;
            for (int row = 0; row < source.Rows; row++)
            {
                ReadOnlySpan<byte> from = source.RowData(row);
                foreach ((int first, int count) in runs)
                {
                    int bytes = checked((int)Type.Bytes(count));
                    from.Slice((int)Type.Bytes(first), bytes).CopyTo(buffer.Span(to, bytes));
                    to += bytes;
                }
            }

            GC.KeepAlive(source);
        });
    }

    /// <summary>A small tensor in F32, each element by a function of it.</summary>
    public HuggingFaceWeight Map(Func<float, float> function) => new DecodedWeight(Name, TensorType.F32, Shape, buffer =>
    {
        Tensor source = Read();
        Span<float> values = MemoryMarshal.Cast<byte, float>(buffer.Span(0, checked((int)ElementCount * sizeof(float))));
        Quantization.Dequantize(source.Type, source.Data, values);
        foreach (ref float value in values)
            value = function(value);

        GC.KeepAlive(source);
    });
}

/// <summary>A tensor that is used where it lies.</summary>
internal sealed record MappedWeight(Tensor Tensor) : HuggingFaceWeight(Tensor.Name, Tensor.Type, Tensor.Shape.ToArray())
{
    public override long DecodedBytes => 0;

    public override Tensor Read() => Tensor;
}

/// <summary>A tensor that is made when it is read.</summary>
/// <param name="Name">Its GGUF name.</param>
/// <param name="Type">How its elements will be stored.</param>
/// <param name="Shape">Lengths of its dimensions, the contiguous one first.</param>
/// <param name="Fill">Writes the data.</param>
internal sealed record DecodedWeight(string Name, TensorType Type, long[] Shape, Action<NativeBuffer> Fill)
    : HuggingFaceWeight(Name, Type, Shape)
{
    public override long DecodedBytes => Type.Bytes(ElementCount);

    public override Tensor Read()
    {
        NativeBuffer buffer = new(DecodedBytes);
        Fill(buffer);
        return Tensor.Over(Name, Type, Shape, buffer);
    }

    /// <summary>A tensor of this type and shape without data: nothing is written, so no memory is taken.</summary>
    public Tensor Describe() => Tensor.Over(Name, Type, Shape, new NativeBuffer(DecodedBytes));
}
