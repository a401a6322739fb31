using System.Diagnostics;
using System.Runtime.InteropServices;

namespace QwenSharp.Cli.Bench;

/// <summary>What a measurement says of the machine it ran on. Each system tells it in its own way.</summary>
internal static class Machine
{
    /// <summary>The processor's name, as far as the system tells it without native calls.</summary>
    public static string ProcessorName()
    {
        const string linux = "/proc/cpuinfo";
        if (OperatingSystem.IsLinux() && File.Exists(linux))
        {
            string? line = File.ReadLines(linux).FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal));
            if (line is not null)
                return line[(line.IndexOf(':') + 1)..].Trim();
        }

        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    /// <summary>The most physical memory that this process has held, mapped weights included, in bytes.</summary>
    public static long PeakMemory()
    {
        using Process self = Process.GetCurrentProcess();
        // macOS does not report a peak to .NET.
        return self.PeakWorkingSet64 > 0 ? self.PeakWorkingSet64 : self.WorkingSet64;
    }
}
