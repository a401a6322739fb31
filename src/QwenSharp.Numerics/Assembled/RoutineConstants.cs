using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace QwenSharp.Numerics;

/// <summary>What a routine reads and never changes; it lies behind its instructions.</summary>
internal sealed class RoutineConstants(Assembler code)
{
    private readonly List<(Label Label, byte[] Bytes)> _all = [];

    /// <summary>A constant of any length.</summary>
    public Label Add(byte[] bytes)
    {
        Label label = code.CreateLabel();
        _all.Add((label, bytes));
        return label;
    }

    /// <summary>32 bits that are the same in every lane.</summary>
    public Label Add(int lane) => Add(BitConverter.GetBytes(lane));

    /// <summary>Fills a register.</summary>
    /// <param name="register">Which.</param>
    /// <param name="element">The elements by their index, <typeparamref name="T"/> being of 8, 16 or 32 bits.</param>
    public void Load<T>(AssemblerRegisterZMM register, Func<int, T> element)
        where T : unmanaged
    {
        T[] elements = [.. Enumerable.Range(0, 64 / Unsafe.SizeOf<T>()).Select(element)];
        code.vmovdqu64(register, __zmmword_ptr[Add(MemoryMarshal.AsBytes(elements.AsSpan()).ToArray())]);
    }

    /// <summary>Writes them, behind the last instruction.</summary>
    public void Emit()
    {
        foreach ((Label label, byte[] bytes) in _all)
        {
            Label here = label;
            code.Label(ref here);
            code.db(bytes);
        }
    }
}
