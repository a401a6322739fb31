using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace QwenSharp.Numerics;

/// <summary>
/// Tiles of twelve rows and two vectors of columns, as <see cref="TwelveRowKernel{S, V}"/>, with VDPBF16PS: each of its 16 lanes multiplies
/// two pairs of BF16 and adds
/// both products to an F32 sum, twice the work of an F32 multiply-add. .NET has no intrinsic for it, so the loop is assembled when it is
/// first needed.
/// </summary>
internal sealed unsafe class AssembledBfloatKernel : GemmKernel
{
    private const int VectorBytes = 64;

    // Registers: 0 and 1 hold the columns of one pair of depths, 2 to 5 take turns at a row's pair in all lanes, 8 to 31 are the sums, a
    // row's left and right one after the other.
    private const int FirstTurn = 2, Turns = 4, FirstSum = 8;

    private readonly AssembledRoutine _routine;

    /// <exception cref="PlatformNotSupportedException">The system does not let this program make code.</exception>
    public AssembledBfloatKernel() => _routine = new AssembledRoutine(stackBytes: 0, Assemble);

    public override int Rows => 12;

    public override int Columns => 32;

    public override bool TakesPairs => true;

    /// <inheritdoc/>
    public override void Multiply(float* a, float* b, int units, float* c, nint stride, bool add)
    {
        Arguments arguments = new() { A = a, B = b, Units = units, C = c, RowBytes = stride * sizeof(float), Add = add ? 1 : 0 };
        _routine.Call(&arguments);
    }

    /// <inheritdoc/>
    public override void Dispose() => _routine.Dispose();

    private void Assemble(Assembler code, RoutineConstants constants)
    {
        Label depth = code.CreateLabel(), store = code.CreateLabel();
        code.mov(rax, __[rdi]);
        code.mov(r10, __[rdi + 8]);
        code.mov(rdx, __[rdi + 16]);
        code.mov(rcx, __[rdi + 24]);
        code.mov(r8, __[rdi + 32]);
        code.mov(r9, __[rdi + 40]);
        for (int sum = 0; sum < 2 * Rows; sum++)
            code.vpxord(Sum(sum), Sum(sum), Sum(sum));

        code.Label(ref depth);
        code.vmovdqu32(zmm0, __zmmword_ptr[r10]);
        code.vmovdqu32(zmm1, __zmmword_ptr[r10 + VectorBytes]);
        for (int row = 0; row < Rows; row++)
        {
            AssemblerRegisterZMM pair = Register(FirstTurn + row % Turns);
            code.vpbroadcastd(pair, __dword_ptr[rax + row * sizeof(float)]);
            code.vdpbf16ps(Sum(2 * row), pair, zmm0);
            code.vdpbf16ps(Sum(2 * row + 1), pair, zmm1);
        }

        code.add(rax, Rows * sizeof(float));
        code.add(r10, Columns * sizeof(float));
        code.dec(rdx);
        code.jne(depth);

        code.test(r9, r9);
        code.je(store);
        code.mov(r11, rcx);
        for (int row = 0; row < Rows; row++)
        {
            code.vaddps(Sum(2 * row), Sum(2 * row), __zmmword_ptr[r11]);
            code.vaddps(Sum(2 * row + 1), Sum(2 * row + 1), __zmmword_ptr[r11 + VectorBytes]);
            code.add(r11, r8);
        }

        code.Label(ref store);
        for (int row = 0; row < Rows; row++)
        {
            code.vmovups(__zmmword_ptr[rcx], Sum(2 * row));
            code.vmovups(__zmmword_ptr[rcx + VectorBytes], Sum(2 * row + 1));
            code.add(rcx, r8);
        }
    }

    private static AssemblerRegisterZMM Sum(int index) => Register(FirstSum + index);

    private static AssemblerRegisterZMM Register(int index) => new(Iced.Intel.Register.ZMM0 + index);

    [StructLayout(LayoutKind.Sequential)]
    private struct Arguments
    {
        public float* A;
        public float* B;
        public nint Units;
        public float* C;
        public nint RowBytes;
        public nint Add;
    }
}
