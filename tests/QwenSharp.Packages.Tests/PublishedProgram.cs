namespace QwenSharp.Packages.Tests;

/// <summary>The program, published for this machine by the first test that asks: a run without these tests publishes nothing.</summary>
/// <param name="arguments">What <c>dotnet publish</c> gets beside the project.</param>
/// <param name="reason">Why it cannot be published here; null where it can.</param>
public abstract class PublishedProgram(string[] arguments, string? reason) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private bool _published;

    /// <summary>Publishes it, once. Skips the test where it cannot be.</summary>
    internal async Task PublishAsync()
    {
        Assert.SkipWhen(reason is not null, reason ?? "");
        if (_published)
            return;

        _published = true;
        await Command.DotnetAsync(
            Repository.Root,
            packages: null,
            ["publish", "src/QwenSharp.Cli", "-c", "Release", "-o", PathOf("program"), .. arguments]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The path of a file beside the program's folder.</summary>
    internal string PathOf(string name) => _folder[name];

    /// <summary>The program's own file.</summary>
    internal string File => Path.Combine(PathOf("program"), OperatingSystem.IsWindows() ? "qwensharp.exe" : "qwensharp");

    /// <summary>Runs it.</summary>
    internal Task<Command> RunAsync(string? instructionSet, params string[] arguments) => Command.RunAsync(
        File,
        Repository.Root,
        new Dictionary<string, string?>
        {
            [Numerics.InstructionSets.Variable] = instructionSet,

            // Where a single file unpacks the native library that is in it.
            ["DOTNET_BUNDLE_EXTRACT_BASE_DIR"] = PathOf("unpacked"),
        },
        arguments);
}

/// <summary>Machine code, compiled ahead of time.</summary>
public sealed class NativeProgram() : PublishedProgram(
    ["-p:PublishAot=true", $"-p:CppCompilerAndLinker={Linker}"],
    OperatingSystem.IsLinux() && Linker is not null
        ? null
        : "Publishing ahead of time is tried on Linux with clang or gcc, which link the program.")
{
    private static string? Linker => new[] { "clang", "gcc" }.FirstOrDefault(program =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(folder => System.IO.File.Exists(Path.Combine(folder, program))));
}

/// <summary>One file with .NET in it.</summary>
public sealed class SingleFileProgram() : PublishedProgram(["--use-current-runtime"], reason: null);
