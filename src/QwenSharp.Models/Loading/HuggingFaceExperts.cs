using System.Runtime.InteropServices;
using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The experts of a layer that a Hugging Face folder has in one tensor, taken apart.</summary>
internal static class HuggingFaceExperts
{
    // Rows of the result that are written together, so that a line of the source is read once and not once a row.
    private const int Tile = 32;

    /// <summary>
    /// The matrices of each expert, under names of their own such as "ffn_gate.7.weight": where they lie, if they lie well.
    /// </summary>
    /// <param name="name">The name without the expert's number.</param>
    /// <param name="stack">[in, out, experts], the contiguous dimension first.</param>
    /// <param name="tensor">The same in the file.</param>
    /// <param name="part">Which part of the outputs.</param>
    /// <param name="parts">Of how many.</param>
    public static IEnumerable<HuggingFaceWeight> Split(string name, HuggingFaceWeight stack, SafetensorsTensor tensor, int part, int parts)
    {
        (long inputs, long outputs) = (stack.Shape[0], stack.Shape[1] / parts);
        for (int expert = 0; expert < stack.Shape[2]; expert++)
        {
            string own = $"{name}.{expert}.weight";
            long first = inputs * ((expert * stack.Shape[1]) + (part * outputs));
            if (stack is MappedWeight)
            {
                yield return new MappedWeight(tensor.View(own, stack.Type, [inputs, outputs], first));
            }
            else
            {
                yield return new DecodedWeight(
                    own,
                    stack.Type,
                    [inputs, outputs],
                    buffer => Copy(tensor, first * tensor.Type.Bytes(), buffer));
            }
        }
    }

    /// <summary>The stack with rows and columns exchanged: a copy, as GGUF has it.</summary>
    /// <param name="name">The name of the result.</param>
    /// <param name="stack">[out, in, experts], the contiguous dimension first.</param>
    /// <param name="part">Which part of the outputs.</param>
    /// <param name="parts">Of how many.</param>
    public static DecodedWeight Transpose(string name, HuggingFaceWeight stack, int part, int parts)
    {
        (int all, int inputs, int experts) = checked(((int)stack.Shape[0], (int)stack.Shape[1], (int)stack.Shape[2]));
        int outputs = all / parts;
        return new DecodedWeight(name, stack.Type, [inputs, outputs, experts], buffer =>
        {
            Tensor source = stack.Read();
            if (source.Type == TensorType.F32)
                Transpose<uint>(source, part * outputs, outputs, inputs, experts, buffer);
            else
                Transpose<ushort>(source, part * outputs, outputs, inputs, experts, buffer);

            GC.KeepAlive(source);
        });
    }

    private static void Transpose<T>(Tensor source, int first, int outputs, int inputs, int experts, NativeBuffer buffer)
        where T : unmanaged
    {
        int rowBytes = checked(inputs * Marshal.SizeOf<T>());
        for (int expert = 0; expert < experts; expert++)
        {
            for (int from = 0; from < outputs; from += Tile)
            {
                int count = Math.Min(Tile, outputs - from);
                Span<T> to = MemoryMarshal.Cast<byte, T>(buffer.Span(((long)expert * outputs + from) * rowBytes, count * rowBytes));
                for (int input = 0; input < inputs; input++)
                {
                    ReadOnlySpan<T> row = MemoryMarshal.Cast<byte, T>(source.RowData((expert * inputs) + input)).Slice(first + from, count);
                    for (int output = 0; output < count; output++)
                        to[(output * inputs) + input] = row[output];
                }
            }
        }
    }

    private static void Copy(SafetensorsTensor tensor, long offset, NativeBuffer buffer)
    {
        const int segment = 16 << 20;
        for (long at = 0; at < buffer.Length; at += segment)
        {
            int length = (int)Math.Min(segment, buffer.Length - at);
            tensor.Bytes(offset + at, length).CopyTo(buffer.Span(at, length));
        }
    }
}
