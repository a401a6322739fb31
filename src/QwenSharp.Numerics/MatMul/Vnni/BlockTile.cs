using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace QwenSharp.Numerics;

/// <summary>
/// Products with types whose blocks of 32 columns have one scale, with AVX-512 VNNI: <see cref="BlockKernel{TFormat}"/>'s, and those of
/// Q8_0 and of codebooks, whose signed codes w are stored as w + 128. A block begins with what the codes' offset makes too much,
/// −offset · Σ x, so that nothing is widened. With six tokens a block of 32 rows takes 96 products and some 110 other instructions.
/// </summary>
internal static class BlockTile
{
    // Offsets in the panel, in bytes: as in BlockKernel.
    private const int Pair = PanelTile.Groups * PanelTile.RegisterBytes, Quads = 8;
    private const int D = 64 * Pair, Minimum = Quads * Pair;

    // From a block's scale of the activations to the sum of its codes.
    private const int Sum = PackedActivations.BlockSums - PackedActivations.Scales8;

    /// <param name="tokens">Tokens of a tile.</param>
    /// <param name="offsetBits">The codes are stored plus 2 to this power; 0 for a type with minima.</param>
    public static AssembledRoutine Create(int tokens, int offsetBits) =>
        new(stackBytes: 0, (code, _) => Assemble(code, tokens, offsetBits));

    private static void Assemble(Assembler code, int tokens, int offsetBits)
    {
        Label tile = code.CreateLabel(), block = code.CreateLabel();
        PanelTile.Begin(code);
        code.vpxord(zmm26, zmm26, zmm26);
        code.Label(ref tile);
        for (int token = 0; token < tokens; token++)
        {
            for (int group = 0; group < PanelTile.Groups; group++)
                code.vmovups(PanelTile.Total(group, token), __zmmword_ptr[PanelTile.SumAt(group, token)]);
        }

        // r14 points at the first token's scale of the block.
        code.mov(rax, r12);
        code.lea(rcx, __[r12 + D]);
        code.mov(rdx, r8);
        code.lea(r14, __[r8 + PackedActivations.Scales8]);
        code.mov(r13, __[rdi + 40]);
        code.Label(ref block);
        if (offsetBits == 0)
            PanelTile.Clear(code, PanelTile.Products, tokens);
        else
            BeginWithOffsets(code, tokens, offsetBits);

        PanelTile.Multiply(code, tokens, Quads);
        for (int token = 0; token < tokens; token++)
        {
            code.vbroadcastss(PanelTile.Turn(0), __dword_ptr[PanelTile.Of(token, r14, 0)]);
            if (offsetBits == 0)
                code.vcvtdq2ps(PanelTile.Turn(1), __dword_bcst[PanelTile.Of(token, r14, Sum)]);

            for (int group = 0; group < PanelTile.Groups; group++)
            {
                AssemblerRegisterZMM y = PanelTile.Total(group, token), products = PanelTile.Products(group, token);
                code.vmulps(zmm27, PanelTile.Turn(0), __zmmword_ptr[rcx + PanelTile.RegisterBytes * group]);
                code.vcvtdq2ps(products, products);
                code.vfmadd231ps(y, zmm27, products);
                if (offsetBits == 0)
                {
                    code.vmulps(zmm27, PanelTile.Turn(0), __zmmword_ptr[rcx + Minimum + PanelTile.RegisterBytes * group]);
                    code.vfmadd231ps(y, zmm27, PanelTile.Turn(1));
                }
            }
        }

        code.add(rcx, Pair);
        code.add(r14, sizeof(float));
        code.dec(r13);
        code.jne(block);

        for (int token = 0; token < tokens; token++)
        {
            for (int group = 0; group < PanelTile.Groups; group++)
                code.vmovups(__zmmword_ptr[PanelTile.SumAt(group, token)], PanelTile.Total(group, token));
        }

        PanelTile.Next(code, tokens, tile);
    }

    // zmm26 is zero.
    private static void BeginWithOffsets(Assembler code, int tokens, int offsetBits)
    {
        for (int token = 0; token < tokens; token++)
        {
            code.vpsubd(PanelTile.Products(0, token), zmm26, __dword_bcst[PanelTile.Of(token, r14, Sum)]);
            code.vpslld(PanelTile.Products(0, token), PanelTile.Products(0, token), (byte)offsetBits);
            code.vmovdqa64(PanelTile.Products(1, token), PanelTile.Products(0, token));
        }
    }
}
