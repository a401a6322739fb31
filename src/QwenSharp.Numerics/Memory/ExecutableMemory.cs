using System.Runtime.InteropServices;

namespace QwenSharp.Numerics;

/// <summary>Machine code that was assembled at run time: pages that can be executed, and no longer written.</summary>
internal sealed unsafe partial class ExecutableMemory : IDisposable
{
    // Linux: PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS.
    private const int ReadWrite = 3, ReadExecute = 5, PrivateAnonymous = 0x22;

    // Windows: MEM_COMMIT | MEM_RESERVE, MEM_RELEASE, PAGE_READWRITE, PAGE_EXECUTE_READ.
    private const uint CommitReserve = 0x3000, Release = 0x8000, PageReadWrite = 4, PageExecuteRead = 0x20;

    private readonly nuint _length;

    /// <summary>Copies the code into pages of its own.</summary>
    /// <exception cref="PlatformNotSupportedException">This system is neither Linux nor Windows, or does not let a program make
    /// code.</exception>
    public ExecutableMemory(ReadOnlySpan<byte> code)
    {
        _length = (nuint)code.Length;
        Start = Reserve(_length);
        code.CopyTo(new Span<byte>(Start, code.Length));
        if (!MakeExecutable(Start, _length))
        {
            Dispose();
            throw Refused();
        }
    }

    /// <summary>Whether this system lets this program make code.</summary>
    public static bool IsAllowed
    {
        get
        {
            const byte Return = 0xc3;
            try
            {
                new ExecutableMemory([Return]).Dispose();
                return true;
            }
            catch (PlatformNotSupportedException)
            {
                return false;
            }
        }
    }

    ~ExecutableMemory() => Free();

    /// <summary>The first instruction.</summary>
    public void* Start { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static void* Reserve(nuint length)
    {
        if (OperatingSystem.IsWindows())
            return VirtualAlloc(null, length, CommitReserve, PageReadWrite) is var pages && pages is not null ? pages : throw Refused();
        if (OperatingSystem.IsLinux())
            return Map(null, length, ReadWrite, PrivateAnonymous, -1, 0) is var pages && (nint)pages != -1 ? pages : throw Refused();

        throw new PlatformNotSupportedException("Code is assembled at run time on Linux and Windows alone.");
    }

    private static bool MakeExecutable(void* start, nuint length) =>
        OperatingSystem.IsWindows() ? VirtualProtect(start, length, PageExecuteRead, out _) != 0 : Protect(start, length, ReadExecute) == 0;

    private void Free()
    {
        if (Start is null)
            return;

        if (OperatingSystem.IsWindows())
            _ = VirtualFree(Start, 0, Release);
        else
            _ = Unmap(Start, _length);

        Start = null;
    }

    private static PlatformNotSupportedException Refused() =>
        new($"The system does not let this program make code at run time (error {Marshal.GetLastPInvokeError()}).");

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* address, nuint length);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial void* VirtualAlloc(void* address, nuint length, uint kind, uint protection);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualProtect(void* address, nuint length, uint protection, out uint before);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualFree(void* address, nuint length, uint kind);
}
