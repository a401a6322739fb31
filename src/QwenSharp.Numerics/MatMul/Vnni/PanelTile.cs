using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace QwenSharp.Numerics;

/// <summary>What the product of an unpacked panel with some tokens is told.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileArguments
{
    /// <summary>The panel's registers: codes are unsigned bytes.</summary>
    public void* Panel;

    /// <summary>The first token's packed activations of the chunk, and bytes from a token to the next.</summary>
    public byte* X;
    public nint Stride;

    /// <summary>Two registers of sums a token, which are added to.</summary>
    public void* Sums;

    /// <summary>How many tiles of tokens there are: at least one.</summary>
    public nint Tiles;

    /// <summary>Blocks of 32 columns in the chunk, where blocks have scales of their own.</summary>
    public nint Blocks;
}

/// <summary>
/// What the assembled products of a panel (two groups of sixteen rows) with up to six tokens share: a register of codes has four columns of
/// sixteen rows, VPDPBUSD multiplies it with the same four columns of a token and adds the sixteen sums to a register of
/// 32-bit integers, twelve of which take turns.
/// <para>Registers: rax points at codes, rcx at scales, rdx at the tokens' codes, r8 at the first token; r9, r10 and r11 are one, three and
/// five token strides; rsi points at the sums, rbx counts tiles, r12 points at the panel, r13 counts groups of columns.</para>
/// </summary>
internal static class PanelTile
{
    public const int MaxTokens = 6, Groups = 2, RegisterBytes = 64;

    /// <summary>The codes at hand.</summary>
    public static readonly AssemblerRegisterZMM Codes0 = zmm24, Codes1 = zmm25;

    /// <summary>Loads the arguments.</summary>
    public static void Begin(Assembler code)
    {
        code.mov(r12, __[rdi]);
        code.mov(r8, __[rdi + 8]);
        code.mov(r9, __[rdi + 16]);
        code.mov(rsi, __[rdi + 24]);
        code.mov(rbx, __[rdi + 32]);
        code.lea(r10, __[r9 + r9 * 2]);
        code.lea(r11, __[r9 + r9 * 4]);
    }

    /// <summary>Goes on to the next tile, or ends.</summary>
    public static void Next(Assembler code, int tokens, Label tile)
    {
        code.imul(rdx, r9, tokens);
        code.add(r8, rdx);
        code.add(rsi, tokens * Groups * RegisterBytes);
        code.dec(rbx);
        code.jne(tile);
    }

    /// <summary>Where something of a token lies, from where it lies of the first.</summary>
    public static AssemblerMemoryOperand Of(int token, AssemblerRegister64 first, int offset) => token switch
    {
        0 => first + offset,
        1 => first + r9 + offset,
        2 => first + r9 * 2 + offset,
        3 => first + r10 + offset,
        4 => first + r9 * 4 + offset,
        _ => first + r11 + offset,
    };

    /// <summary>The totals of a group of rows and a token, where there are no products in progress in them.</summary>
    public static AssemblerRegisterZMM Total(int group, int token) => new(Register.ZMM0 + Groups * token + group);

    /// <summary>The sums of products, once <see cref="Multiply"/> is done, and where they begin.</summary>
    public static AssemblerRegisterZMM Products(int group, int token) => new(Register.ZMM12 + Groups * token + group);

    // A product waits some five cycles for the one before it in the same register, and two could begin in each: a tile of few tokens
    // spreads neighbouring quads over several sets of registers.
    private static int Sets(int tokens) => Math.Min(4, MaxTokens / tokens);

    private static AssemblerRegisterZMM Products(int group, int token, int set, int tokens) =>
        new((Register)Products(group, token) + set * Groups * tokens);

    /// <summary>Registers that take turns at what is the same in all lanes.</summary>
    public static AssemblerRegisterZMM Turn(int turn) => new(Register.ZMM28 + turn % 4);

    /// <summary>Adds the products of neighbouring quads of columns, and goes on behind them.</summary>
    public static void Multiply(Assembler code, int tokens, int quads)
    {
        int sets = Sets(tokens);
        for (int set = 1; set < sets; set++)
            Clear(code, (group, token) => Products(group, token, set, tokens), tokens);

        for (int quad = 0, turn = 0; quad < quads; quad++)
        {
            code.vmovdqu64(Codes0, __zmmword_ptr[rax + Groups * RegisterBytes * quad]);
            code.vmovdqu64(Codes1, __zmmword_ptr[rax + Groups * RegisterBytes * quad + RegisterBytes]);
            for (int token = 0; token < tokens; token++, turn++)
            {
                code.vpbroadcastd(Turn(turn), __dword_ptr[Of(token, rdx, 4 * quad)]);
                code.vpdpbusd(Products(0, token, quad % sets, tokens), Codes0, Turn(turn));
                code.vpdpbusd(Products(1, token, quad % sets, tokens), Codes1, Turn(turn));
            }
        }

        for (int set = 1; set < sets; set++)
        {
            for (int token = 0; token < tokens; token++)
            {
                code.vpaddd(Products(0, token), Products(0, token), Products(0, token, set, tokens));
                code.vpaddd(Products(1, token), Products(1, token), Products(1, token, set, tokens));
            }
        }

        code.add(rax, quads * Groups * RegisterBytes);
        code.add(rdx, 4 * quads);
    }

    /// <summary>Sets registers to zero.</summary>
    public static void Clear(Assembler code, Func<int, int, AssemblerRegisterZMM> registers, int tokens)
    {
        for (int token = 0; token < tokens; token++)
        {
            for (int group = 0; group < Groups; group++)
                code.vpxord(registers(group, token), registers(group, token), registers(group, token));
        }
    }

    /// <summary>A group of rows' sums of a token, in memory.</summary>
    public static AssemblerMemoryOperand SumAt(int group, int token) => rsi + RegisterBytes * (Groups * token + group);
}
