using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace QwenSharp.Numerics;

/// <summary>
/// <see cref="SuperBlockKernel{TFormat}"/>'s products with AVX-512 VNNI: the sums of a group of columns in 32 bits, times the group's
/// scale, make up a super-block's integers. With six tokens 4 columns of 32 rows take 20 instructions, of which 12
/// multiply; a group's scales and zeros take 38.
/// </summary>
internal static class SuperBlockTile
{
    // Offsets in the panel, in bytes: as in SuperBlockKernel.
    private const int Pair = PanelTile.Groups * PanelTile.RegisterBytes;
    private const int Scales = 64 * Pair, Offsets = Scales + 16 * Pair, D = Offsets + 8 * Pair, Minimum = D + Pair;

    /// <param name="tokens">Tokens of a tile.</param>
    /// <param name="groups">Groups of columns that have a scale of their own: 8 or 16.</param>
    /// <param name="hasMinimum">Whether the type subtracts minima; otherwise offsets are integers.</param>
    public static AssembledRoutine Create(int tokens, int groups, bool hasMinimum) =>
        new(stackBytes: 0, (code, _) => Assemble(code, tokens, groups, hasMinimum));

    private static void Assemble(Assembler code, int tokens, int groups, bool hasMinimum)
    {
        Label tile = code.CreateLabel(), columns = code.CreateLabel();
        PanelTile.Begin(code);
        code.Label(ref tile);
        PanelTile.Clear(code, PanelTile.Total, tokens);
        if (!hasMinimum)
            AddOffsets(code, tokens, groups);

        code.mov(rax, r12);
        code.lea(rcx, __[r12 + Scales]);
        code.mov(rdx, r8);
        code.mov(r13d, groups);
        code.Label(ref columns);
        PanelTile.Clear(code, PanelTile.Products, tokens);
        PanelTile.Multiply(code, tokens, quads: 64 / groups);

        // A lane has the scale twice, in 16 bits each.
        code.vpsrad(zmm26, __zmmword_ptr[rcx], 16);
        code.vpsrad(zmm27, __zmmword_ptr[rcx + PanelTile.RegisterBytes], 16);
        for (int token = 0; token < tokens; token++)
        {
            code.vpmulld(PanelTile.Products(0, token), PanelTile.Products(0, token), zmm26);
            code.vpmulld(PanelTile.Products(1, token), PanelTile.Products(1, token), zmm27);
            code.vpaddd(PanelTile.Total(0, token), PanelTile.Total(0, token), PanelTile.Products(0, token));
            code.vpaddd(PanelTile.Total(1, token), PanelTile.Total(1, token), PanelTile.Products(1, token));
        }

        code.add(rcx, Pair);
        code.dec(r13d);
        code.jne(columns);

        for (int token = 0; token < tokens; token++)
        {
            for (int group = 0; group < PanelTile.Groups; group++)
                code.vmovups(PanelTile.Products(group, token), __zmmword_ptr[PanelTile.SumAt(group, token)]);
        }

        AddScaled(code, tokens, D);
        if (hasMinimum)
        {
            PanelTile.Clear(code, PanelTile.Total, tokens);
            AddOffsets(code, tokens, groups);
            AddScaled(code, tokens, Minimum);
        }

        for (int token = 0; token < tokens; token++)
        {
            for (int group = 0; group < PanelTile.Groups; group++)
                code.vmovups(__zmmword_ptr[PanelTile.SumAt(group, token)], PanelTile.Products(group, token));
        }

        PanelTile.Next(code, tokens, tile);
    }

    // total += Σ offset · (sum of the activations of a group), two groups a step.
    private static void AddOffsets(Assembler code, int tokens, int groups)
    {
        int sums = groups == 16 ? PackedActivations.Sums16 : PackedActivations.Sums32;
        for (int pair = 0; pair < groups / 2; pair++)
        {
            code.vmovdqu64(PanelTile.Codes0, __zmmword_ptr[r12 + Offsets + Pair * pair]);
            code.vmovdqu64(PanelTile.Codes1, __zmmword_ptr[r12 + Offsets + Pair * pair + PanelTile.RegisterBytes]);
            for (int token = 0; token < tokens; token++)
            {
                code.vpbroadcastd(PanelTile.Turn(token), __dword_ptr[PanelTile.Of(token, r8, sums + 4 * pair)]);
                code.vpdpwssd(PanelTile.Total(0, token), PanelTile.Codes0, PanelTile.Turn(token));
                code.vpdpwssd(PanelTile.Total(1, token), PanelTile.Codes1, PanelTile.Turn(token));
            }
        }
    }

    // y = fma(d · dx, total, y), y being where products were.
    private static void AddScaled(Assembler code, int tokens, int scale)
    {
        for (int token = 0; token < tokens; token++)
        {
            code.vbroadcastss(PanelTile.Turn(token), __dword_ptr[PanelTile.Of(token, r8, PackedActivations.Scales8)]);
            for (int group = 0; group < PanelTile.Groups; group++)
            {
                code.vmulps(zmm26, PanelTile.Turn(token), __zmmword_ptr[r12 + scale + PanelTile.RegisterBytes * group]);
                code.vcvtdq2ps(PanelTile.Total(group, token), PanelTile.Total(group, token));
                code.vfmadd231ps(PanelTile.Products(group, token), zmm26, PanelTile.Total(group, token));
            }
        }
    }
}
