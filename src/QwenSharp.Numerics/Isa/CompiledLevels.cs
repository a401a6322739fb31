using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace QwenSharp.Numerics;

/// <summary>
/// A program that was compiled ahead of time has the vector instructions of one level of x64 and no others, as .NET fixes them then. So it
/// is published once a level, and the plainest hands over to the best that lies beside it: <c>qwensharp-avx512</c>, <c>qwensharp-avx2</c>.
/// Compiled just in time, or for Arm, one program has all.
/// </summary>
public static partial class CompiledLevels
{
    private const string Description = "/proc/cpuinfo";

    /// <summary>
    /// Goes on as the best level that this processor can run and that lies beside this program; returns where that is this program.
    /// </summary>
    /// <param name="arguments">The command line, without the program's name.</param>
    public static void Continue(string[] arguments)
    {
        if (RuntimeFeature.IsDynamicCodeSupported || !OperatingSystem.IsLinux()
            || RuntimeInformation.ProcessArchitecture != Architecture.X64 || Avx2.IsSupported)
        {
            return;
        }

        string program = Environment.ProcessPath!;
        foreach (string level in Runnable(ReadDescription(), Environment.GetEnvironmentVariable(InstructionSets.Variable)))
        {
            // Replaces this process; comes back only where it cannot, and then the next one is tried.
            string other = $"{program}-{level}";
            if (File.Exists(other))
                _ = Execute(other, [program, .. arguments, null]);
        }
    }

    /// <summary>The levels above the plainest that a processor can run, best first.</summary>
    /// <param name="description">The first processor's paragraph of Linux' <c>/proc/cpuinfo</c>.</param>
    /// <param name="forced">The instruction set that <see cref="InstructionSets.Variable"/> names; null for none.</param>
    internal static IEnumerable<string> Runnable(string description, string? forced)
    {
        HashSet<string> flags = [.. Field(description, "flags").Split(' ')];
        bool forces512 = forced?.StartsWith(nameof(Isa.Avx512), StringComparison.OrdinalIgnoreCase) == true;
        if (flags.IsSupersetOf(["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]) && (forces512 || !LowersItsClock(description)))
            yield return "avx512";

        if (flags.IsSupersetOf(["avx2", "fma", "f16c", "bmi1", "bmi2", "abm", "movbe"]))
            yield return "avx2";
    }

    // Intel's family 6, models 85 and 102 (Skylake to Cooper Lake, Cannon Lake), which .NET too does not give 512-bit vectors by itself.
    private static bool LowersItsClock(string description) => Field(description, "vendor_id") == "GenuineIntel"
        && Field(description, "cpu family") == "6" && Field(description, "model") is "85" or "102";

    private static string Field(string description, string name)
    {
        foreach (string line in description.Split('\n'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line.AsSpan(0, colon).Trim().SequenceEqual(name))
                return line[(colon + 1)..].Trim();
        }

        return "";
    }

    // The first processor's paragraph is enough: a machine of hundreds has a long file.
    private static string ReadDescription()
    {
        try
        {
            using StreamReader reader = new(Description);
            List<string> lines = [];
            while (reader.ReadLine() is { Length: > 0 } line)
                lines.Add(line);

            return string.Join('\n', lines);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "execv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments);
}
