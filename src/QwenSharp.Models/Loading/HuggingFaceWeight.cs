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
internal sealed record DecodedWeight(string Name, TensorType Type, long[] Shape, Action<NativeBuffer> Fill) : HuggingFaceWeight(Name, Type, Shape)
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
