using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace QwenSharp.Numerics;

/// <summary>
/// Sixteen rows of Q6_K with one token (AVX-512 VNNI). 64 bytes of low nibbles are 64 columns, their high nibbles the next 64; a quarter
/// of a register is a group of 16 columns. A super-block of a row takes 33 instructions, its part of the sums 5.
/// </summary>
internal static class Q6_KDot
{
    // zmm0 … 3: the activations. zmm8: d · dx, a row a lane.
    private static readonly AssemblerRegisterZMM Nibble = zmm4, Left = zmm5, Right = zmm6, Top = zmm25, NaturalOrder = zmm10;

    // Which of the sixteen scales each quarter takes, for each 64 columns.
    private static readonly AssemblerRegisterZMM[] ScalesOf = [zmm26, zmm27, zmm28, zmm29];
    private static readonly AssemblerRegisterZMM[] Rows = [zmm15, zmm16, zmm17, zmm18];
    private static readonly AssemblerRegisterZMM[] Fours = [zmm11, zmm12, zmm13, zmm14];

    public static AssembledRoutine Create() => new(stackBytes: 0, Assemble);

    private static void Assemble(Assembler code, RoutineConstants constants)
    {
        Label block = code.CreateLabel();
        SixteenRows.Begin(code);
        constants.Load(Nibble, _ => (byte)0x0f);
        constants.Load(Top, _ => (byte)0x30);

        // What brings the high pairs of 32 columns and of the next 32 to bits 4 and 5, under low nibbles and under high ones.
        constants.Load(Left, i => i < 8 ? 4 : 2);
        constants.Load(Right, i => i < 8 ? 0 : 2);
        constants.Load(NaturalOrder, i => (short)(i & ~3 | (i & 1) << 1 | i >> 1 & 1));
        for (int k = 0; k < 4; k++)
            constants.Load(ScalesOf[k], i => (short)(4 * k + i / 8));

        code.Label(ref block);
        SixteenRows.LoadHalves(code, zmm8, offset: 208);
        code.vmulps(zmm8, zmm8, __dword_bcst[r11 + PackedActivations.Scales8]);
        for (int k = 0; k < 4; k++)
            code.vmovdqu64(new AssemblerRegisterZMM(Register.ZMM0 + k), __zmmword_ptr[r11 + 64 * k]);

        // Negative sums of the activations' groups: codes are stored plus 32.
        code.vpermw(ymm24, ymm10, __ymmword_ptr[r11 + PackedActivations.Sums16]);
        code.vpxord(ymm23, ymm23, ymm23);
        code.vpsubw(ymm24, ymm23, ymm24);
        for (int row = 0; row < SixteenRows.Count; row++)
        {
            SixteenRows.Prefetch(code, Q6_KFormat.BlockBytes, row, SixteenRows.Count);
            Row(code, row);
            if (row % 4 == 3)
                SixteenRows.AddQuarters(code, Fours[row / 4], Rows);
        }

        SixteenRows.AddRows(code, Fours);
        code.vcvtdq2ps(zmm11, zmm11);
        code.vfmadd231ps(SixteenRows.Sums, zmm8, zmm11);
        SixteenRows.Advance(code, Q6_KFormat.BlockBytes);
        code.add(r11, r12);
        code.dec(rbx);
        code.jne(block);
        SixteenRows.End(code);
    }

    private static void Row(Assembler code, int row)
    {
        AssemblerRegisterZMM sum = Rows[row % 4];
        code.vpmovsxbw(ymm23, __xmmword_ptr[SixteenRows.At(row, 192)]);
        code.vpmaddwd(new AssemblerRegisterYMM(Register.YMM15 + row % 4), ymm23, ymm24);
        code.vpslld(sum, sum, 5);
        for (int half = 0; half < 2; half++)
        {
            code.vmovdqu64(zmm20, __zmmword_ptr[SixteenRows.At(row, 64 * half)]);
            code.vbroadcasti64x4(zmm22, __ymmword_ptr[SixteenRows.At(row, 128 + 32 * half)]);
            code.vpandd(zmm19, zmm20, Nibble);
            code.vpsllvd(zmm21, zmm22, Left);
            code.vpternlogd(zmm19, zmm21, Top, 0xf8);
            code.vpsrlw(zmm20, zmm20, 4);
            code.vpandd(zmm20, zmm20, Nibble);
            code.vpsrlvd(zmm21, zmm22, Right);
            code.vpternlogd(zmm20, zmm21, Top, 0xf8);
            code.vpmaddubsw(zmm19, zmm19, new AssemblerRegisterZMM(Register.ZMM0 + 2 * half));
            code.vpmaddubsw(zmm20, zmm20, new AssemblerRegisterZMM(Register.ZMM0 + 2 * half + 1));
            code.vpermw(zmm21, ScalesOf[2 * half], zmm23);
            code.vpermw(zmm22, ScalesOf[2 * half + 1], zmm23);
            code.vpdpwssd(sum, zmm19, zmm21);
            code.vpdpwssd(sum, zmm20, zmm22);
        }
    }
}
