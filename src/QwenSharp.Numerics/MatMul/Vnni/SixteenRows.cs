using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace QwenSharp.Numerics;

/// <summary>What the product of sixteen weight rows with one token is told.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DotArguments
{
    /// <summary>The first block of the first row, and bytes from a row to the next.</summary>
    public byte* Weights;
    public nint Stride;

    /// <summary>How many blocks of each row there are: at least one.</summary>
    public nint Blocks;

    /// <summary>The token's packed activations, and bytes from a chunk of 256 columns to the next.</summary>
    public byte* X;
    public nint ChunkStride;

    /// <summary>As many bytes as these rows have, which are read soon.</summary>
    public byte* Next;

    /// <summary>A sum for each row, which is added to.</summary>
    public float* Sums;
}

/// <summary>
/// What the assembled products of sixteen rows with one token share. A register holds neighbouring columns of one row, so nothing is
/// transposed; the sixteen rows' partial sums meet at the end of a block, in a register that has a row in each of its lanes.
/// <para>Registers: rax, rcx, rdx and r8 point at rows 0, 4, 8 and 12; r9 and r10 are one and three strides; r11 points at the
/// activations, rsi at what is read soon, rbx counts blocks, r12 is the stride of chunks. zmm7 holds the rows' sums.</para>
/// </summary>
internal static class SixteenRows
{
    public const int Count = 16;

    /// <summary>The rows' sums, F32.</summary>
    public static readonly AssemblerRegisterZMM Sums = zmm7;

    private static readonly AssemblerRegister64[] Fours = [rax, rcx, rdx, r8];

    /// <summary>Loads the arguments.</summary>
    public static void Begin(Assembler code)
    {
        code.mov(rax, __[rdi]);
        code.mov(r9, __[rdi + 8]);
        code.mov(rbx, __[rdi + 16]);
        code.mov(r11, __[rdi + 24]);
        code.mov(r12, __[rdi + 32]);
        code.mov(rsi, __[rdi + 40]);
        code.mov(rdi, __[rdi + 48]);
        code.lea(rcx, __[rax + r9 * 4]);
        code.lea(rdx, __[rcx + r9 * 4]);
        code.lea(r8, __[rdx + r9 * 4]);
        code.lea(r10, __[r9 + r9 * 2]);
        code.vmovups(Sums, __zmmword_ptr[rdi]);
    }

    /// <summary>Stores the sums.</summary>
    public static void End(Assembler code) => code.vmovups(__zmmword_ptr[rdi], Sums);

    /// <summary>The byte at an offset of a row's block.</summary>
    public static AssemblerMemoryOperand At(int row, int offset)
    {
        AssemblerRegister64 first = Fours[row / 4];
        return (row % 4) switch
        {
            0 => first + offset,
            1 => first + r9 + offset,
            2 => first + r9 * 2 + offset,
            _ => first + r10 + offset,
        };
    }

    /// <summary>Goes on to the rows' next blocks.</summary>
    public static void Advance(Assembler code, int blockBytes)
    {
        foreach (AssemblerRegister64 first in Fours)
            code.add(first, blockBytes);

        code.add(rsi, Count * blockBytes);
    }

    /// <summary>
    /// Asks for a share of the cache lines that the next rows' blocks fill: along the way, not at once, so that the memory works while
    /// the kernel does.
    /// </summary>
    public static void Prefetch(Assembler code, int blockBytes, int step, int steps)
    {
        int lines = (Count * blockBytes + 63) / 64;
        for (int line = lines * step / steps; line < lines * (step + 1) / steps; line++)
            code.prefetcht0(__byte_ptr[rsi + 64 * line]);
    }

    /// <summary>
    /// The first 16 bytes of each row's block, transposed: zmm21 to 24 have the four quads of 4 bytes, a row a lane. Uses zmm15 to 20.
    /// </summary>
    public static void LoadHeaders(Assembler code)
    {
        for (int row = 0; row < 4; row++)
            LoadQuarters(code, new AssemblerRegisterZMM(Register.ZMM19 + row), row, offset: 0);

        // Four rows of a quarter become its four lanes.
        code.vpunpckldq(zmm15, zmm19, zmm20);
        code.vpunpckldq(zmm16, zmm21, zmm22);
        code.vpunpckhdq(zmm17, zmm19, zmm20);
        code.vpunpckhdq(zmm18, zmm21, zmm22);
        code.vpunpcklqdq(zmm21, zmm15, zmm16);
        code.vpunpckhqdq(zmm22, zmm15, zmm16);
        code.vpunpcklqdq(zmm23, zmm17, zmm18);
        code.vpunpckhqdq(zmm24, zmm17, zmm18);
    }

    /// <summary>16 bytes of rows r, 4 + r, 8 + r and 12 + r.</summary>
    public static void LoadQuarters(Assembler code, AssemblerRegisterZMM to, int row, int offset)
    {
        code.vmovdqu32(new AssemblerRegisterXMM(Register.XMM0 + ((Register)to - Register.ZMM0)), __xmmword_ptr[At(row, offset)]);
        for (int quarter = 1; quarter < 4; quarter++)
            code.vinserti32x4(to, to, __xmmword_ptr[At(4 * quarter + row, offset)], (byte)quarter);
    }

    /// <summary>Two bytes of each row, a half, as an F32 in the row's lane.</summary>
    public static void LoadHalves(Assembler code, AssemblerRegisterZMM to, int offset)
    {
        foreach ((AssemblerRegisterXMM half, int first) in ((AssemblerRegisterXMM, int)[])[(xmm30, 0), (xmm31, 8)])
        {
            code.vpxord(half, half, half);
            for (int i = 0; i < 8; i++)
                code.vpinsrw(half, half, __word_ptr[At(first + i, offset)], (byte)i);
        }

        code.vinserti32x4(ymm30, ymm30, xmm31, 1);
        code.vcvtph2ps(to, ymm30);
    }

    /// <summary>
    /// Sums of four registers, one a row: each quarter of <paramref name="to"/> has the four rows' sums over that quarter. Uses zmm30.
    /// </summary>
    public static void AddQuarters(Assembler code, AssemblerRegisterZMM to, params ReadOnlySpan<AssemblerRegisterZMM> rows)
    {
        for (int pair = 0; pair < 4; pair += 2)
        {
            code.vpunpckldq(zmm30, rows[pair], rows[pair + 1]);
            code.vpunpckhdq(rows[pair], rows[pair], rows[pair + 1]);
            code.vpaddd(rows[pair], rows[pair], zmm30);
        }

        code.vpunpcklqdq(zmm30, rows[0], rows[2]);
        code.vpunpckhqdq(rows[0], rows[0], rows[2]);
        code.vpaddd(to, rows[0], zmm30);
    }

    /// <summary>
    /// The last step: what <see cref="AddQuarters"/> left of rows 0 … 3, 4 … 7 and so on becomes the sixteen rows' sums, in
    /// the first of the registers.
    /// </summary>
    public static void AddRows(Assembler code, params ReadOnlySpan<AssemblerRegisterZMM> fours)
    {
        for (int pair = 0; pair < 4; pair += 2)
        {
            code.vshufi32x4(zmm30, fours[pair], fours[pair + 1], 0b01_00_01_00);
            code.vshufi32x4(fours[pair], fours[pair], fours[pair + 1], 0b11_10_11_10);
            code.vpaddd(fours[pair], fours[pair], zmm30);
        }

        AddHalves(code, fours[0], fours[2]);
    }

    /// <summary>Adds the quarters of each half: those of <paramref name="a"/> come first. The sum is in <paramref name="a"/>.</summary>
    public static void AddHalves(Assembler code, AssemblerRegisterZMM a, AssemblerRegisterZMM b)
    {
        code.vshufi32x4(zmm30, a, b, 0b10_00_10_00);
        code.vshufi32x4(a, a, b, 0b11_01_11_01);
        code.vpaddd(a, a, zmm30);
    }
}
