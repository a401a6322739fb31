using System.Buffers.Binary;
using System.Runtime.InteropServices;
using QwenSharp.Numerics;

namespace QwenSharp.Formats;

/// <summary>How a program packs the integers of a quantised matrix into 32-bit words.</summary>
public enum PackedLayout
{
    /// <summary>GPTQ: consecutive inputs of one output in a word; zero points stored less 1.</summary>
    Gptq,

    /// <summary>GPTQ's second form (<c>gptq_v2</c>): the same, with zero points as they are.</summary>
    GptqV2,

    /// <summary>AWQ ("gemm"): eight outputs of one input in a word, in the order 0 2 4 6 1 3 5 7 from the lowest bits up.</summary>
    Awq,
}

/// <summary>
/// A matrix of 4- or 8-bit integers with a scale s and a zero point z for each group of inputs of an output, w = s(q − z), as GPTQ (Frantar
/// et al.,
/// 2022) and AWQ (Lin et al., 2023) store it. It is repacked, without loss where one of ggml's types holds the same numbers: Q4_0 where z
/// is 8
/// everywhere, Q5_0 where it is not (q − z has 5 bits then), Q8_0 for 8 bits around 128. What is left (inputs out of order, groups that do
/// not fill
/// blocks, 8 bits around another zero) becomes F16, whose error is at most 2⁻¹¹ of a weight.
/// </summary>
public sealed class PackedMatrix
{
    // Outputs that are unpacked together: as many words as a cache line holds.
    private const int Tile = 16;

    private readonly PackedLayout _layout;
    private readonly int _bits;
    private readonly SafetensorsTensor _words;
    private readonly float[] _scales;
    private readonly byte[] _zeros;
    private readonly int[]? _groupOf;
    private readonly int _groupSize;

    private PackedMatrix(
        PackedLayout layout,
        int bits,
        int groupSize,
        SafetensorsTensor words,
        SafetensorsTensor zeros,
        SafetensorsTensor scales,
        int[]? groupOf,
        bool? isSymmetric)
    {
        (_layout, _bits, _words, _groupOf, _groupSize) = (layout, bits, words, groupOf, groupSize);
        int perWord = 32 / bits;
        Inputs = checked((int)words.Shape[0] * (layout == PackedLayout.Awq ? 1 : perWord));
        Outputs = checked((int)words.Shape[1] * (layout == PackedLayout.Awq ? perWord : 1));
        _scales = Floats(scales);
        _zeros = ReadZeros(zeros);
        HasOtherZeros = layout != PackedLayout.Awq && Centre(isSymmetric);
        Type = Choose();
    }

    /// <summary>Elements of a row of the matrix.</summary>
    public int Inputs { get; }

    /// <summary>Rows of the matrix.</summary>
    public int Outputs { get; }

    /// <summary>The type that holds it: Q4_0, Q5_0 or Q8_0 without loss, or F16.</summary>
    public TensorType Type { get; }

    /// <summary>Whether zero points are stored that symmetric quantisation does not have, and were read as the one it has.</summary>
    public bool HasOtherZeros { get; }

    /// <summary>Reads what describes a matrix; the matrix itself is read by <see cref="Decode"/>.</summary>
    /// <param name="layout">How integers are packed.</param>
    /// <param name="bits">4 or 8.</param>
    /// <param name="groupSize">Inputs of a group; 0 or less for all.</param>
    /// <param name="words">I32: <c>qweight</c>.</param>
    /// <param name="zeros">I32: <c>qzeros</c>, [groups, outputs ÷ integers in a word].</param>
    /// <param name="scales">F16, BF16 or F32: [groups, outputs].</param>
    /// <param name="groupIndex">I32: <c>g_idx</c>, the group of each input; null where groups are consecutive.</param>
    /// <param name="isSymmetric">Whether the zero point of GPTQ is in the middle, whatever is stored; null where nobody says.</param>
    /// <exception cref="SafetensorsException">Shapes or types do not fit each other, or zero points differ where they should
    /// not.</exception>
    public static PackedMatrix Read(
        PackedLayout layout,
        int bits,
        int groupSize,
        SafetensorsTensor words,
        SafetensorsTensor zeros,
        SafetensorsTensor scales,
        SafetensorsTensor? groupIndex,
        bool? isSymmetric = null)
    {
        SafetensorsException Fault(string problem) => new(words.FilePath, $"tensor '{words.Name}': {problem}");
        int perWord = 32 / bits;
        bool isAwq = layout == PackedLayout.Awq;
        if (
            words.Type != SafetensorsType.I32
            || zeros.Type != SafetensorsType.I32
            || words.Shape.Length != 2
            || words.ElementCount is 0 or > 1 << 29)
        {
            throw Fault($"{words} and {zeros} should be matrices in I32");
        }

        long inputs = words.Shape[0] * (isAwq ? 1 : perWord), outputs = words.Shape[1] * (isAwq ? perWord : 1);
        long size = groupSize > 0 ? groupSize : inputs, groups = (inputs + size - 1) / size;
        if (outputs % perWord != 0 || !zeros.Shape.SequenceEqual([groups, outputs / perWord]))
        {
            throw Fault(
                $"{zeros} should have the shape [{groups}, {outputs / perWord}]: {groups} groups of {size} inputs, {outputs} outputs");
        }

        if (
            scales.Type is not (SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16)
            || !scales.Shape.SequenceEqual([groups, outputs]))
        {
            throw Fault($"{scales} should be floats of the shape [{groups}, {outputs}]");
        }

        int[]? groupOf = null;
        if (groupIndex is not null)
        {
            if (groupIndex.Type != SafetensorsType.I32 || !groupIndex.Shape.SequenceEqual([inputs]))
                throw Fault($"{groupIndex} should be I32 of the shape [{inputs}]");

            groupOf = MemoryMarshal.Cast<byte, int>(groupIndex.Bytes(0, (int)groupIndex.ByteLength)).ToArray();
            if (groupOf.Any(group => group < 0 || group >= groups))
                throw Fault($"{groupIndex} names a group that is not one of {groups}");

            // Consecutive after all.
            if (groupOf.Index().All(entry => entry.Item == entry.Index / size))
                groupOf = null;
        }

        return new PackedMatrix(layout, bits, (int)size, words, zeros, scales, groupOf, isSymmetric);
    }

    /// <summary>Writes the matrix in <see cref="Type"/>, [inputs] a row.</summary>
    public void Decode(NativeBuffer target)
    {
        int rowBytes = checked((int)Type.Bytes(Inputs));
        byte[] codes = new byte[Tile * Inputs];
        for (int first = 0; first < Outputs; first += Tile)
        {
            int count = Math.Min(Tile, Outputs - first);
            Unpack(first, count, codes);
            for (int i = 0; i < count; i++)
                EncodeRow(first + i, codes.AsSpan(i * Inputs, Inputs), target.Span((long)(first + i) * rowBytes, rowBytes));
        }
    }

    /// <summary>All elements of a small tensor of floats.</summary>
    internal static float[] Floats(SafetensorsTensor tensor)
    {
        float[] values = new float[tensor.ElementCount];
        TensorType type = tensor.Type switch
        {
            SafetensorsType.F16 => TensorType.F16,
            SafetensorsType.BF16 => TensorType.BF16,
            _ => TensorType.F32,
        };
        Quantization.Dequantize(type, tensor.Bytes(0, checked((int)tensor.ByteLength)), values);
        return values;
    }

    /// <summary>
    /// Zero points of symmetric quantisation are in the middle. Programs disagree on whether they are stored less 1, and engines that know
    /// of the symmetry do not look at them: what is stored does not count here either, as long as it is one number throughout.
    /// </summary>
    /// <returns>Whether something else was stored.</returns>
    private bool Centre(bool? isSymmetric)
    {
        byte middle = (byte)(1 << (_bits - 1));
        if (isSymmetric == false || !_zeros.AsSpan().ContainsAnyExcept(middle))
            return false;

        // Without a word, the middle stored as it is in the form that stores it less 1 is symmetric too: measured zero points vary.
        bool isShifted = _layout == PackedLayout.Gptq && !_zeros.AsSpan().ContainsAnyExcept((byte)(middle + 1));
        if (isSymmetric is null && !isShifted)
            return false;
        if (!isShifted && _zeros.AsSpan().ContainsAnyExcept(_zeros[0], middle, (byte)(middle + 1)))
        {
            throw new SafetensorsException(
                _words.FilePath,
                $"tensor '{_words.Name}': its zero points differ, and quantization_config says \"sym\": true, that there is one; set it to "
                    + "false if those that are stored are meant");
        }

        _zeros.AsSpan().Fill(middle);
        return true;
    }

    private TensorType Choose()
    {
        bool fillsBlocks = _groupOf is null && _groupSize % 32 == 0 && Inputs % 32 == 0;
        byte middle = (byte)(1 << (_bits - 1));
        bool isSymmetric = !_zeros.AsSpan().ContainsAnyExcept(middle);
        return !fillsBlocks ? TensorType.F16
            : _bits == 4 ? isSymmetric ? TensorType.Q4_0 : TensorType.Q5_0
            : isSymmetric ? TensorType.Q8_0 : TensorType.F16;
    }

    /// <summary>Where in its word an output is: AWQ's order, inverted.</summary>
    private int Place(int output) => _layout == PackedLayout.Awq ? output % 2 * 4 + output % 8 / 2 : output % (32 / _bits);

    private byte[] ReadZeros(SafetensorsTensor zeros)
    {
        int perWord = 32 / _bits, mask = (1 << _bits) - 1, words = Outputs / perWord, groups = (int)zeros.Shape[0];
        byte[] read = new byte[groups * Outputs];
        for (int group = 0; group < groups; group++)
        {
            ReadOnlySpan<byte> row = zeros.Bytes((long)group * words * sizeof(int), words * sizeof(int));
            for (int output = 0; output < Outputs; output++)
            {
                int code =
                    BinaryPrimitives.ReadInt32LittleEndian(row[(output / perWord * sizeof(int))..]) >> (Place(output) * _bits) & mask;

                // 255 + 1 wraps, as it does where the format was made.
                read[group * Outputs + output] = (byte)(_layout == PackedLayout.Gptq ? code + 1 : code);
            }
        }

        return read;
    }

    /// <summary>The integers of a few outputs, [inputs] each.</summary>
    private void Unpack(int first, int count, Span<byte> codes)
    {
        int perWord = 32 / _bits, mask = (1 << _bits) - 1, width = (int)_words.Shape[1];
        for (int word = 0; word < (int)_words.Shape[0]; word++)
        {
            ReadOnlySpan<byte> row = _words.Bytes((long)word * width * sizeof(int), width * sizeof(int));
            for (int i = 0; i < count; i++)
            {
                int output = first + i;
                if (_layout == PackedLayout.Awq)
                {
                    codes[i * Inputs + word] = (byte)(
                        BinaryPrimitives.ReadInt32LittleEndian(row[(output / 8 * sizeof(int))..]) >> (Place(output) * _bits) & mask);
                    continue;
                }

                int packed = BinaryPrimitives.ReadInt32LittleEndian(row[(output * sizeof(int))..]);
                for (int j = 0; j < perWord; j++)
                    codes[i * Inputs + word * perWord + j] = (byte)(packed >> (j * _bits) & mask);
            }
        }
    }

    private void EncodeRow(int output, ReadOnlySpan<byte> codes, Span<byte> row)
    {
        if (Type == TensorType.F16)
        {
            for (int i = 0; i < codes.Length; i++)
            {
                int at = (_groupOf is null ? i / _groupSize : _groupOf[i]) * Outputs + output;
                BinaryPrimitives.WriteHalfLittleEndian(row[(2 * i)..], (Half)(_scales[at] * (codes[i] - _zeros[at])));
            }

            return;
        }

        int blockBytes = Type.BlockBytes();
        for (int i = 0; i < codes.Length; i += 32, row = row[blockBytes..])
        {
            int at = i / _groupSize * Outputs + output;
            BinaryPrimitives.WriteHalfLittleEndian(row, (Half)_scales[at]);
            EncodeBlock(codes.Slice(i, 32), _zeros[at], row[2..blockBytes]);
        }
    }

    /// <summary>The codes of a block behind its scale, as ggml lays them out.</summary>
    private void EncodeBlock(ReadOnlySpan<byte> codes, int zero, Span<byte> block)
    {
        if (Type == TensorType.Q8_0)
        {
            for (int i = 0; i < 32; i++)
                block[i] = (byte)(codes[i] - 128);

            return;
        }

        // Q4_0 counts from 8, Q5_0 from 16 with the fifth bits of all codes in front.
        Span<byte> nibbles = Type == TensorType.Q5_0 ? block[4..] : block;
        int shift = Type == TensorType.Q5_0 ? 16 - zero : 0;
        uint fifthBits = 0;
        for (int i = 0; i < 16; i++)
        {
            int low = codes[i] + shift, high = codes[i + 16] + shift;
            nibbles[i] = (byte)(low & 15 | (high & 15) << 4);
            fifthBits |= (uint)(low >> 4) << i | (uint)(high >> 4) << (i + 16);
        }

        if (Type == TensorType.Q5_0)
            BinaryPrimitives.WriteUInt32LittleEndian(block, fifthBits);
    }
}
