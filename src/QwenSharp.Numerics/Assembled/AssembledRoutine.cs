using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace QwenSharp.Numerics;

/// <summary>
/// A function of one pointer that is assembled when it is made. Its body finds the pointer in rdi and memory of its own at rsp, aligned
/// to cache lines; it may use every register but rbp and rsp.
/// </summary>
internal sealed unsafe class AssembledRoutine : IDisposable
{
    // Windows wants the lower quarters of vector registers 6 to 15 back as they were.
    private const int FirstKept = 6, Kept = 10, QuarterBytes = 16, PushedBytes = 7 * sizeof(long);

    private static readonly AssemblerRegister64[] Pushed = [rbx, rsi, rdi, r12, r13, r14, r15];

    private readonly ExecutableMemory _code;
    private readonly delegate* unmanaged[SuppressGCTransition]<void*, void> _call;

    /// <param name="stackBytes">Bytes of the routine's own memory, whole cache lines.</param>
    /// <param name="body">Writes its instructions.</param>
    /// <exception cref="PlatformNotSupportedException">The system does not let this program make code.</exception>
    public AssembledRoutine(int stackBytes, Action<Assembler, RoutineConstants> body)
    {
        Assembler code = new(bitness: 64) { PreferVex = false };
        RoutineConstants constants = new(code);
        Enter(code, stackBytes);
        body(code, constants);
        Leave(code);
        constants.Emit();
        using MemoryStream bytes = new();
        code.Assemble(new StreamCodeWriter(bytes), rip: 0);
        _code = new ExecutableMemory(bytes.ToArray());
        _call = (delegate* unmanaged[SuppressGCTransition]<void*, void>)_code.Start;
    }

    /// <summary>Runs it on this thread; some microseconds at most, as the garbage collector waits for it.</summary>
    public void Call(void* arguments) => _call(arguments);

    /// <inheritdoc/>
    public void Dispose() => _code.Dispose();

    private static void Enter(Assembler code, int stackBytes)
    {
        code.push(rbp);
        code.mov(rbp, rsp);
        foreach (AssemblerRegister64 register in Pushed)
            code.push(register);

        if (OperatingSystem.IsWindows())
        {
            code.mov(rdi, rcx);
            code.sub(rsp, Kept * QuarterBytes);
            for (int i = 0; i < Kept; i++)
                code.vmovups(__xmmword_ptr[KeptAt(i)], Quarter(i));
        }

        code.and(rsp, -64);
        if (stackBytes > 0)
            code.sub(rsp, stackBytes);
    }

    private static void Leave(Assembler code)
    {
        code.vzeroupper();
        if (OperatingSystem.IsWindows())
        {
            for (int i = 0; i < Kept; i++)
                code.vmovups(Quarter(i), __xmmword_ptr[KeptAt(i)]);
        }

        code.lea(rsp, __[rbp - PushedBytes]);
        foreach (AssemblerRegister64 register in Pushed.Reverse())
            code.pop(register);

        code.pop(rbp);
        code.ret();
    }

    private static AssemblerMemoryOperand KeptAt(int i) => rbp - (PushedBytes + (i + 1) * QuarterBytes);

    private static AssemblerRegisterXMM Quarter(int i) => new(Register.XMM0 + FirstKept + i);
}
