using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace QwenSharp.Numerics;

/// <summary>
/// Sixteen rows of Q4_K or Q5_K with one token (AVX-512 VNNI). 64 bytes of nibbles are two groups of 32 columns in the low nibbles and
/// two in the high ones, group g beside g + 2. A super-block of a row takes 24 instructions (Q5_K 33), its part of the header and of the
/// sums 6.
/// </summary>
internal static class NibbleSuperBlockDot
{
    // zmm0 … 3: activations of groups (0, 2), (1, 3), (4, 6), (5, 7). zmm8, 9: d · dx and dmin · dx, zmm10: Σ minimum · sum, a row a lane.
    private static readonly AssemblerRegisterZMM Nibble = zmm4, FirstScales = zmm5, SecondScales = zmm6, FifthBit = zmm25;

    // Rotations that bring a group's fifth bit to its place, for the same four pairs of groups.
    private static readonly AssemblerRegisterZMM[] Rotations = [zmm26, zmm27, zmm28, zmm29];
    private static readonly AssemblerRegisterZMM[] Rows = [zmm15, zmm16, zmm17, zmm18];
    private static readonly AssemblerRegisterZMM[] Fours = [zmm11, zmm12, zmm13, zmm14];

    /// <summary>Scales, four groups a lane, of groups 0 … 3 and then of 4 … 7.</summary>
    private const int StackBytes = 128;

    public static AssembledRoutine Q4_K() => new(StackBytes, (code, constants) => Assemble(code, constants, hasFifthBits: false));

    public static AssembledRoutine Q5_K() => new(StackBytes, (code, constants) => Assemble(code, constants, hasFifthBits: true));

    private static void Assemble(Assembler code, RoutineConstants constants, bool hasFifthBits)
    {
        int blockBytes = hasFifthBits ? Q5_KFormat.BlockBytes : Q4_KFormat.BlockBytes;
        Label block = code.CreateLabel();
        Label six = constants.Add(0x3f3f3f3f), top = constants.Add(0x30303030), even = constants.Add(0x00ff00ff);
        SixteenRows.Begin(code);
        constants.Load(Nibble, _ => (byte)15);

        // One byte of a lane's four as 16-bit integers: 0 in the lower half and 2 in the upper, and 1 and 3.
        constants.Load(FirstScales, i => (byte)(i % 2 != 0 ? 0x80 : i < 32 ? 0 : 2));
        constants.Load(SecondScales, i => (byte)(i % 2 != 0 ? 0x80 : i < 32 ? 1 : 3));
        if (hasFifthBits)
        {
            constants.Load(FifthBit, _ => (byte)16);
            for (int pair = 0; pair < 4; pair++)
            {
                int group = pair / 2 * 4 + pair % 2;
                constants.Load(Rotations[pair], i => (4 - (i < 8 ? group : group + 2)) & 31);
            }
        }

        code.Label(ref block);
        Header(code, six, top, even);
        for (int pair = 0; pair < 4; pair++)
        {
            int column = pair / 2 * 128 + pair % 2 * 32;
            code.vmovdqu(new AssemblerRegisterYMM(Register.YMM0 + pair), __ymmword_ptr[r11 + column]);
            AssemblerRegisterZMM x = new(Register.ZMM0 + pair);
            code.vinserti64x4(x, x, __ymmword_ptr[r11 + column + 64], 1);
        }

        for (int row = 0; row < SixteenRows.Count; row++)
        {
            SixteenRows.Prefetch(code, blockBytes, row, SixteenRows.Count);
            Row(code, row, hasFifthBits);
            if (row % 4 == 3)
                SixteenRows.AddQuarters(code, Fours[row / 4], Rows);
        }

        SixteenRows.AddRows(code, Fours);
        code.vcvtdq2ps(zmm11, zmm11);
        code.vfmadd231ps(SixteenRows.Sums, zmm8, zmm11);
        code.vcvtdq2ps(zmm10, zmm10);
        code.vfnmadd231ps(SixteenRows.Sums, zmm9, zmm10);
        SixteenRows.Advance(code, blockBytes);
        code.add(r11, r12);
        code.dec(rbx);
        code.jne(block);
        SixteenRows.End(code);
    }

    // d, dmin and the 6-bit scales and minima, a row a lane.
    private static void Header(Assembler code, Label six, Label top, Label even)
    {
        // zmm21 has the halves, 22 to 24 the packed integers.
        SixteenRows.LoadHeaders(code);
        code.vpmovdw(ymm19, zmm21);
        code.vpsrld(zmm21, zmm21, 16);
        code.vpmovdw(ymm20, zmm21);
        code.vcvtph2ps(zmm8, ymm19);
        code.vcvtph2ps(zmm9, ymm20);
        code.vmulps(zmm8, zmm8, __dword_bcst[r11 + PackedActivations.Scales8]);
        code.vmulps(zmm9, zmm9, __dword_bcst[r11 + PackedActivations.Scales8]);

        code.vpandd(zmm19, zmm22, __dword_bcst[six]);
        code.vmovdqa64(__zmmword_ptr[rsp], zmm19);
        code.vpsrld(zmm22, zmm22, 2);
        code.vpandd(zmm21, zmm24, Nibble);
        OrWhere(code, zmm21, zmm22, top);
        code.vmovdqa64(__zmmword_ptr[rsp + 64], zmm21);

        code.vpandd(zmm20, zmm23, __dword_bcst[six]);
        code.vpsrld(zmm23, zmm23, 2);
        code.vpsrld(zmm24, zmm24, 4);
        code.vpandd(zmm24, zmm24, Nibble);
        OrWhere(code, zmm24, zmm23, top);

        // Group sums lie in the order 0 2 1 3, as even and odd bytes do.
        code.vpxord(zmm10, zmm10, zmm10);
        int sums = PackedActivations.Sums32;
        foreach (AssemblerRegisterZMM minima in (AssemblerRegisterZMM[])[zmm20, zmm24])
        {
            code.vpandd(zmm19, minima, __dword_bcst[even]);
            code.vpsrlw(minima, minima, 8);
            code.vpdpwssd(zmm10, zmm19, __dword_bcst[r11 + sums]);
            code.vpdpwssd(zmm10, minima, __dword_bcst[r11 + sums + 4]);
            sums += 8;
        }
    }

    // to |= bits & mask
    private static void OrWhere(Assembler code, AssemblerRegisterZMM to, AssemblerRegisterZMM bits, Label mask) =>
        code.vpternlogd(to, bits, __dword_bcst[mask], 0xf8);

    // 256 columns of a row: its products meet their scales and are added to four lanes of each group.
    private static void Row(Assembler code, int row, bool hasFifthBits)
    {
        AssemblerRegisterZMM sum = Rows[row % 4];
        if (hasFifthBits)
            code.vbroadcasti64x4(zmm30, __ymmword_ptr[SixteenRows.At(row, 16)]);

        for (int half = 0; half < 2; half++)
        {
            code.vmovdqu64(zmm20, __zmmword_ptr[SixteenRows.At(row, (hasFifthBits ? 48 : 16) + 64 * half)]);
            code.vpbroadcastd(zmm23, __dword_ptr[rsp + 64 * half + 4 * row]);
            code.vpandd(zmm19, zmm20, Nibble);
            code.vpsrlw(zmm20, zmm20, 4);
            code.vpandd(zmm20, zmm20, Nibble);
            if (hasFifthBits)
            {
                code.vprolvd(zmm21, zmm30, Rotations[2 * half]);
                code.vpternlogd(zmm19, zmm21, FifthBit, 0xf8);
                code.vprolvd(zmm21, zmm30, Rotations[2 * half + 1]);
                code.vpternlogd(zmm20, zmm21, FifthBit, 0xf8);
            }

            code.vpshufb(zmm22, zmm23, FirstScales);
            code.vpshufb(zmm23, zmm23, SecondScales);
            code.vpmaddubsw(zmm19, zmm19, new AssemblerRegisterZMM(Register.ZMM0 + 2 * half));
            code.vpmaddubsw(zmm20, zmm20, new AssemblerRegisterZMM(Register.ZMM0 + 2 * half + 1));
            if (half == 0)
                code.vpmaddwd(sum, zmm19, zmm22);
            else
                code.vpdpwssd(sum, zmm19, zmm22);

            code.vpdpwssd(sum, zmm20, zmm23);
        }
    }
}
