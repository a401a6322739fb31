using System.Runtime.InteropServices;
using Processor = System.Runtime.InteropServices.Architecture;

namespace QwenSharp;

/// <summary>The checkout that a test or a benchmark runs in.</summary>
internal static class Checkout
{
    /// <summary>Its top; null where the program does not run inside of one.</summary>
    public static string? Folder { get; } = Find();

    /// <summary>Its top.</summary>
    /// <exception cref="DirectoryNotFoundException">The program does not run inside of one.</exception>
    public static string Root => Folder ?? throw new DirectoryNotFoundException("This does not run inside the repository.");

    /// <summary>
    /// The folder of llama.cpp's libraries, which the npm package <c>node-llama-cpp</c> carries and
    /// <c>npm install --ignore-scripts --prefix bench/QwenSharp.Peers</c> brings; or the one that <c>QWENSHARP_PEER_LIBRARIES</c> names.
    /// </summary>
    public static string LlamaLibraries => Environment.GetEnvironmentVariable("QWENSHARP_PEER_LIBRARIES") is { Length: > 0 } named
        ? named
        : PathOf("bench", "QwenSharp.Peers", "node_modules", "@node-llama-cpp", Platform(), "bins", Platform());

    /// <summary>The path of one of its files.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string? Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "QwenSharp.slnx")))
            folder = folder.Parent;

        return folder?.FullName;
    }

    // As node-llama-cpp spells it.
    private static string Platform()
    {
        string architecture = RuntimeInformation.ProcessArchitecture is Processor.Arm64 ? "arm64" : "x64";
        return OperatingSystem.IsWindows() ? $"win-{architecture}"
            : OperatingSystem.IsMacOS() ? (architecture == "arm64" ? "mac-arm64-metal" : "mac-x64")
            : $"linux-{architecture}";
    }
}
