using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace QwenSharp.Numerics;

/// <summary>
/// Sixteen rows of Q4_0, Q4_1, IQ4_NL or IQ4_XS with one token (AVX-512 VNNI). 16 bytes of nibbles are 32 columns, the first sixteen in the
/// low nibbles: a register has those of rows r, r + 4, r + 8 and r + 12, a quarter each. Sixteen rows of 32 columns take some 60
/// instructions, halves of theirs 18 more.
/// </summary>
internal static class NibbleBlockDot
{
    // zmm0, 1: the first and the last 16 activations, in each quarter; zmm2: what a row's four lanes begin with;
    // zmm6: the table, plus 128, in each quarter; zmm8: d · dx, a row a lane; zmm9: m · dx.
    private static readonly AssemblerRegisterZMM Nibble = zmm4, Table = zmm6;
    private static readonly AssemblerRegisterZMM[] Rows = [zmm15, zmm16, zmm17, zmm18];
    private const int Units = 8, UnitBytes = 16, Biased = 128;

    public static AssembledRoutine Q4_0() =>
        new(stackBytes: 0, (code, constants) => Blocks(code, constants, headerBytes: 2, hasTable: false, 1 << Q4_0Format.OffsetBits));

    public static AssembledRoutine Q4_1() =>
        new(stackBytes: 0, (code, constants) => Blocks(code, constants, headerBytes: 4, hasTable: false, offset: 0));

    public static AssembledRoutine IQ4_NL() =>
        new(stackBytes: 0, (code, constants) => Blocks(code, constants, headerBytes: 2, hasTable: true, Biased));

    /// <summary>The stack has the scales of eight units, a row a lane.</summary>
    public static AssembledRoutine IQ4_XS() => new(stackBytes: Units * 64, SuperBlocks);

    private static void Blocks(Assembler code, RoutineConstants constants, int headerBytes, bool hasTable, int offset)
    {
        Label chunk = code.CreateLabel(), block = code.CreateLabel();
        Begin(code, constants, hasTable);
        code.mov(r14, r11);

        // r13 points at the scales of the chunk's blocks, r15 counts them.
        code.Label(ref chunk);
        code.mov(r15d, Units);
        code.cmp(rbx, r15);
        code.cmovl(r15, rbx);
        code.sub(rbx, r15);
        code.mov(r11, r14);
        code.lea(r13, __[r14 + PackedActivations.Scales8]);

        code.Label(ref block);
        Products(code, headerBytes, headerBytes + UnitBytes, hasTable, offset);
        SixteenRows.LoadHalves(code, zmm8, offset: 0);
        code.vmulps(zmm8, zmm8, __dword_bcst[r13]);
        code.vfmadd231ps(SixteenRows.Sums, zmm8, zmm15);
        if (offset == 0)
        {
            SixteenRows.LoadHalves(code, zmm9, offset: 2);
            code.vmulps(zmm9, zmm9, __dword_bcst[r13]);
            code.vcvtdq2ps(zmm10, __dword_bcst[r13 + (PackedActivations.BlockSums - PackedActivations.Scales8)]);
            code.vfmadd231ps(SixteenRows.Sums, zmm9, zmm10);
        }

        SixteenRows.Advance(code, headerBytes + UnitBytes);
        code.add(r11, 32);
        code.add(r13, sizeof(float));
        code.dec(r15);
        code.jne(block);
        code.add(r14, r12);
        code.test(rbx, rbx);
        code.jne(chunk);
        SixteenRows.End(code);
    }

    // IQ4_XS: a super-block is a chunk.
    private static void SuperBlocks(Assembler code, RoutineConstants constants)
    {
        const int HeaderBytes = 8;
        Label block = code.CreateLabel(), unit = code.CreateLabel();
        Label four = constants.Add(15), top = constants.Add(3 << 4), offset = constants.Add(32);
        Begin(code, constants, hasTable: true);
        code.mov(r14, r11);
        code.Label(ref block);

        // zmm21 has d and the scales' high bits, zmm22 their low ones.
        SixteenRows.LoadHeaders(code);
        code.vpmovdw(ymm19, zmm21);
        code.vcvtph2ps(zmm8, ymm19);
        code.vpsrld(zmm21, zmm21, 12);
        for (int i = 0; i < Units; i++)
        {
            code.vpandd(zmm19, zmm22, __dword_bcst[four]);
            code.vpternlogd(zmm19, zmm21, __dword_bcst[top], 0xf8);
            code.vpsubd(zmm19, zmm19, __dword_bcst[offset]);
            code.vcvtdq2ps(zmm19, zmm19);
            code.vmulps(zmm19, zmm19, zmm8);
            code.vmovaps(__zmmword_ptr[rsp + 64 * i], zmm19);
            code.vpsrld(zmm22, zmm22, 4);
            code.vpsrld(zmm21, zmm21, 2);
        }

        code.mov(r11, r14);
        code.lea(r13, __[r14 + PackedActivations.Scales8]);
        code.xor(r15d, r15d);
        code.Label(ref unit);
        Products(code, HeaderBytes, UnitBytes + 1, hasTable: true, Biased);
        code.vbroadcastss(zmm9, __dword_ptr[r13]);
        code.vmulps(zmm9, zmm9, __zmmword_ptr[rsp + r15]);
        code.vfmadd231ps(SixteenRows.Sums, zmm9, zmm15);
        SixteenRows.Advance(code, UnitBytes);
        code.add(r11, 32);
        code.add(r13, sizeof(float));
        code.add(r15, 64);
        code.cmp(r15, Units * 64);
        code.jl(unit);
        SixteenRows.Advance(code, HeaderBytes);
        code.add(r14, r12);
        code.dec(rbx);
        code.jne(block);
        SixteenRows.End(code);
    }

    private static void Begin(Assembler code, RoutineConstants constants, bool hasTable)
    {
        SixteenRows.Begin(code);
        constants.Load(Nibble, _ => (byte)15);
        if (hasTable)
            constants.Load(Table, i => (byte)(CodebookDecoder.NonLinear[i % 16] + Biased));
    }

    // The sums of 32 columns of each row as F32 in zmm15, a row a lane.
    private static void Products(Assembler code, int at, int prefetchedBytes, bool hasTable, int offset)
    {
        code.vbroadcasti32x4(zmm0, __xmmword_ptr[r11]);
        code.vbroadcasti32x4(zmm1, __xmmword_ptr[r11 + 16]);
        code.vpxord(zmm2, zmm2, zmm2);
        if (offset != 0)
        {
            // A quarter of −offset · Σ x.
            code.vpsubd(zmm2, zmm2, __dword_bcst[r13 + (PackedActivations.BlockSums - PackedActivations.Scales8)]);
            code.vpslld(zmm2, zmm2, (byte)(int.Log2(offset) - 2));
        }

        for (int row = 0; row < 4; row++)
        {
            SixteenRows.Prefetch(code, prefetchedBytes, row, steps: 4);
            SixteenRows.LoadQuarters(code, zmm20, row, at);
            code.vpandd(zmm19, zmm20, Nibble);
            code.vpsrlw(zmm20, zmm20, 4);
            code.vpandd(zmm20, zmm20, Nibble);
            if (hasTable)
            {
                code.vpshufb(zmm19, Table, zmm19);
                code.vpshufb(zmm20, Table, zmm20);
            }

            code.vmovdqa64(Rows[row], zmm2);
            code.vpdpbusd(Rows[row], zmm19, zmm0);
            code.vpdpbusd(Rows[row], zmm20, zmm1);
        }

        SixteenRows.AddQuarters(code, zmm15, Rows);
        code.vcvtdq2ps(zmm15, zmm15);
    }
}
