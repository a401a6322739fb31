using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace QwenSharp.Numerics.Tests;

public unsafe class LanesTests
{
    [Fact]
    public void The_operations_of_every_instruction_set_mean_the_same()
    {
        foreach (Isa isa in InstructionSets.Available)
        {
            switch (isa)
            {
                case Isa.Avx512:
                    Check<Lanes512, Vector512<int>>();
                    CheckRows<Lanes512, Vector512<int>>();
                    CheckNibbles<Lanes512, Vector512<int>>();
                    break;
                case Isa.Avx2:
                    Check<Lanes256, Vector256<int>>();
                    CheckRows<Lanes256, Vector256<int>>();
                    CheckNibbles<Lanes256, Vector256<int>>();
                    break;
                case Isa.Vector128:
                    Check<Lanes128, Vector128<int>>();
                    CheckRows<Lanes128, Vector128<int>>();
                    CheckNibbles<Lanes128, Vector128<int>>();
                    break;
            }
        }
    }

    [Fact]
    public void The_portable_products_are_those_of_the_instructions()
    {
        Random random = new(1);
        for (int i = 0; i < 1000; i++)
        {
            (byte[] a, sbyte[] b) = Bytes(random, 16);
            Vector128<int> x = Vector128.Create(a).AsInt32(), y = Vector128.Create(b).AsInt32();
            Assert.Equal(Lanes128.MultiplyAddSignedBytes(x, y), Lanes128.PortableMultiplyAddBytes(x, y));
            Vector128<int> codes = x & Vector128.Create(0x3f3f3f3f);
            Assert.Equal(Lanes128.MultiplyAddBytes(codes, y), Lanes128.PortableMultiplyAddBytes(codes, y));
            Assert.Equal(Lanes128.MultiplyAdd16(x, y), Lanes128.PortableMultiplyAdd16(x, y));
        }
    }

    [Fact]
    public void Every_half_becomes_the_single_of_its_value()
    {
        foreach (Isa isa in InstructionSets.Available)
        {
            for (int bits = 0; bits < 1 << 16; bits++)
            {
                float value = isa switch
                {
                    Isa.Avx512 => LaneMath<Lanes512, Vector512<int>>.LowHalf(Vector512.Create(bits)).AsSingle()[0],
                    Isa.Avx2 => LaneMath<Lanes256, Vector256<int>>.LowHalf(Vector256.Create(bits)).AsSingle()[0],
                    Isa.Vector128 => LaneMath<Lanes128, Vector128<int>>.HighHalf(Vector128.Create(bits << 16)).AsSingle()[0],
                    _ => BlockDecoder.ReadHalf((byte*)&bits),
                };
                Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)bits), value);
            }
        }
    }

    private static void Check<TLanes, V>()
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        Random random = new(2);
        int bytes = 4 * TLanes.Count;
        for (int i = 0; i < 200; i++)
        {
            (byte[] a, sbyte[] b) = Bytes(random, bytes);
            V x = MemoryMarshal.Read<V>(a), y = MemoryMarshal.Read<V>(MemoryMarshal.AsBytes(b.AsSpan()));
            V codes = TLanes.And(x, TLanes.Broadcast(0x3f3f3f3f));
            short[] expected =
            [
                .. Enumerable.Range(0, bytes / 2).Select(j => (short)((a[2 * j] & 63) * b[2 * j] + (a[2 * j + 1] & 63) * b[2 * j + 1])),
            ];
            Assert.Equal(expected, Elements<V, short>(TLanes.MultiplyAddBytes(codes, y)));

            byte[] rows = new byte[16 * TLanes.Count + 3];
            random.NextBytes(rows);
            fixed (byte* from = rows)
            {
                TLanes.Transpose(from + 3, 16, out V q0, out V q1, out V q2, out V q3);
                V[] quads = [q0, q1, q2, q3];
                for (int quad = 0; quad < 4; quad++)
                {
                    int[] column =
                    [
                        .. Enumerable.Range(0, TLanes.Count).Select(row => BitConverter.ToInt32(rows, 3 + 16 * row + 4 * quad)),
                    ];
                    Assert.Equal(column, Elements<V, int>(quads[quad]));
                    Assert.Equal(column, Elements<V, int>(TLanes.Gather(from + 3 + 4 * quad, 16)));
                }
            }
        }
    }

    private static void CheckRows<TLanes, V>()
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        Random random = new(3);
        for (int i = 0; i < 200; i++)
        {
            byte[] codes = Bytes(random, 35 * TLanes.Count).Any;
            sbyte[] x = Bytes(random, 32).Signed;
            int negatives = x.Sum(value => Math.Max(0, -value));
            int[] expected =
            [
                .. Enumerable.Range(0, TLanes.Count).Select(row => Enumerable.Range(0, 32).Sum(j => (sbyte)codes[35 * row + j] * x[j])),
            ];
            fixed (byte* from = codes)
            fixed (sbyte* activations = x)
                Assert.Equal(expected, Elements<V, int>(TLanes.MultiplyRows(from, 35, (byte*)activations, &negatives)));

            for (int j = 0; j < codes.Length; j++)
                codes[j] = codes[j] == 128 ? (byte)129 : codes[j];

            int[] halves =
            [
                .. Enumerable
                    .Range(0, 2 * TLanes.Count)
                    .Select(half =>
                        Enumerable.Range(half / TLanes.Count * 16, 16).Sum(j => (sbyte)codes[35 * (half % TLanes.Count) + j] * x[j])),
            ];
            fixed (byte* from = codes)
            fixed (sbyte* activations = x)
            {
                TLanes.MultiplyHalfRows(from, 35, (byte*)activations, out V first, out V last);
                Assert.Equal(halves, Elements<V, int>(first).Concat(Elements<V, int>(last)));
            }
        }
    }

    private static void CheckNibbles<TLanes, V>()
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        Random random = new(4);
        for (int i = 0; i < 200; i++)
        {
            (byte[] nibbles, _) = Bytes(random, 18 * TLanes.Count);
            sbyte[] x = Bytes(random, 32).Signed, table = Bytes(random, 16).Signed;
            int negatives = x.Sum(value => Math.Max(0, -value));
            int Product(int row) =>
                Enumerable.Range(0, 32).Sum(j => table[j < 16 ? nibbles[18 * row + j] & 15 : nibbles[18 * row + j - 16] >> 4] * x[j]);
            byte[] indices = [.. nibbles.Take(4 * TLanes.Count).Select(value => (byte)(value & 15))];
            fixed (byte* from = nibbles)
            fixed (sbyte* activations = x, values = table)
            {
                Assert.Equal(
                    Enumerable.Range(0, TLanes.Count).Select(Product),
                    Elements<V, int>(TLanes.MultiplyNibbleRows(from, 18, values, (byte*)activations, &negatives)));
                Assert.Equal(
                    indices.Select(index => table[index]),
                    Elements<V, sbyte>(TLanes.LookUp(values, MemoryMarshal.Read<V>(indices))));
            }
        }
    }

    // Any bytes, and signed ones without the lowest, with extremes more often than chance.
    private static (byte[] Any, sbyte[] Signed) Bytes(Random random, int count)
    {
        byte[] any = new byte[count];
        sbyte[] signed = new sbyte[count];
        for (int i = 0; i < count; i++)
        {
            any[i] = random.Next(4) == 0 ? (byte)128 : (byte)random.Next(256);
            signed[i] = random.Next(4) == 0 ? (sbyte)127 : (sbyte)random.Next(-127, 128);
        }

        return (any, signed);
    }

    private static T[] Elements<V, T>(V register)
        where V : unmanaged
        where T : unmanaged => MemoryMarshal.Cast<V, T>(new ReadOnlySpan<V>(in register)).ToArray();
}
