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

    private readonly ExecutableMemory _code;
    private readonly delegate* unmanaged<float*, float*, nint, float*, nint, nint, void> _multiply;

    /// <exception cref="PlatformNotSupportedException">The system does not let this program make code.</exception>
    public AssembledBfloatKernel()
    {
        _code = new ExecutableMemory(Assemble());
        _multiply = (delegate* unmanaged<float*, float*, nint, float*, nint, nint, void>)_code.Start;
    }

    public override int Rows => 12;

    public override int Columns => 32;

    public override bool TakesPairs => true;

    /// <inheritdoc/>
    public override void Multiply(float* a, float* b, int units, float* c, nint stride, bool add) =>
        _multiply(a, b, units, c, stride * sizeof(float), add ? 1 : 0);

    /// <inheritdoc/>
    public override void Dispose() => _code.Dispose();

    private byte[] Assemble()
    {
        Assembler code = new(bitness: 64);
        Label depth = code.CreateLabel(), store = code.CreateLabel();
        Enter(code);
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

        Leave(code);
        using MemoryStream bytes = new();
        code.Assemble(new StreamCodeWriter(bytes), rip: 0);
        return bytes.ToArray();
    }

    /// <summary>
    /// Brings what is passed into the same registers on every system: a in rax, b in r10, units in rdx, c in rcx, bytes of a row in r8,
    /// whether to add in r9.
    /// </summary>
    private static void Enter(Assembler code)
    {
        if (!OperatingSystem.IsWindows())
        {
            code.mov(rax, rdi);
            code.mov(r10, rsi);
            return;
        }

        code.mov(rax, rcx);
        code.mov(r10, rdx);
        code.mov(rdx, r8);
        code.mov(rcx, r9);
        code.mov(r8, __[rsp + 40]);
        code.mov(r9, __[rsp + 48]);

        // Windows wants the lower quarters of 8 to 15 back as they were.
        code.sub(rsp, 128);
        for (int i = 0; i < 8; i++)
            code.vmovups(__xmmword_ptr[rsp + 16 * i], Kept[i]);
    }

    private static void Leave(Assembler code)
    {
        code.vzeroupper();
        if (OperatingSystem.IsWindows())
        {
            for (int i = 0; i < 8; i++)
                code.vmovups(Kept[i], __xmmword_ptr[rsp + 16 * i]);

            code.add(rsp, 128);
        }

        code.ret();
    }

    private static readonly AssemblerRegisterXMM[] Kept = [xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    private static AssemblerRegisterZMM Sum(int index) => Register(FirstSum + index);

    private static AssemblerRegisterZMM Register(int index) => new(Iced.Intel.Register.ZMM0 + index);
}
