using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace QwenSharp.Numerics;

/// <summary>
/// Sixteen rows of Q8_0 with one token (AVX-512 VNNI). A register holds a block of row r in its lower half and of row r + 4 in its upper.
/// VPDPBUSD takes unsigned codes: w + 128, and Σ (w + 128) · x is 128 · Σ x too much. Sixteen blocks take about 100 instructions.
/// </summary>
internal static class Q8_0Dot
{
    private const int BlockBytes = 34;

    // zmm0: the block's activations, twice; zmm1: −16 · Σ x, which all eight lanes of a row begin with; zmm8: d · dx, a row a lane.
    private static readonly AssemblerRegisterZMM Bias = zmm4;
    private static readonly AssemblerRegisterZMM[] Rows = [zmm15, zmm16, zmm17, zmm18];

    public static AssembledRoutine Create() => new(stackBytes: 0, Assemble);

    private static void Assemble(Assembler code, RoutineConstants constants)
    {
        Label chunk = code.CreateLabel(), block = code.CreateLabel();
        SixteenRows.Begin(code);
        constants.Load(Bias, _ => (byte)128);
        code.mov(r14, r11);

        // r13 points at the scales of the chunk's blocks, r15 counts them.
        code.Label(ref chunk);
        code.mov(r15d, 8);
        code.cmp(rbx, r15);
        code.cmovl(r15, rbx);
        code.sub(rbx, r15);
        code.mov(r11, r14);
        code.lea(r13, __[r14 + PackedActivations.Scales8]);

        code.Label(ref block);
        code.vbroadcasti64x4(zmm0, __ymmword_ptr[r11]);
        code.vpbroadcastd(zmm2, __dword_ptr[r13 + (PackedActivations.BlockSums - PackedActivations.Scales8)]);
        code.vpxord(zmm1, zmm1, zmm1);
        code.vpslld(zmm2, zmm2, 4);
        code.vpsubd(zmm1, zmm1, zmm2);
        for (int eight = 0; eight < 2; eight++)
        {
            for (int r = 0; r < 4; r++)
            {
                int row = 8 * eight + r;
                SixteenRows.Prefetch(code, BlockBytes, 4 * eight + r, steps: 8);
                code.vmovdqu(ymm3, __ymmword_ptr[SixteenRows.At(row, 2)]);
                code.vinserti64x4(zmm3, zmm3, __ymmword_ptr[SixteenRows.At(row + 4, 2)], 1);
                code.vpxord(zmm3, zmm3, Bias);
                code.vmovdqa64(Rows[r], zmm1);
                code.vpdpbusd(Rows[r], zmm3, zmm0);
            }

            SixteenRows.AddQuarters(code, eight == 0 ? zmm11 : zmm12, Rows);
        }

        SixteenRows.AddHalves(code, zmm11, zmm12);
        SixteenRows.LoadHalves(code, zmm8, offset: 0);
        code.vmulps(zmm8, zmm8, __dword_bcst[r13]);
        code.vcvtdq2ps(zmm11, zmm11);
        code.vfmadd231ps(SixteenRows.Sums, zmm8, zmm11);
        SixteenRows.Advance(code, BlockBytes);
        code.add(r11, 32);
        code.add(r13, 4);
        code.dec(r15);
        code.jne(block);
        code.add(r14, r12);
        code.test(rbx, rbx);
        code.jne(chunk);
        SixteenRows.End(code);
    }
}
