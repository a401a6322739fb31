namespace QwenSharp.Packages.Tests;

/// <summary>
/// The program compiled ahead of time, published and asked. Minutes of compiling, so these run only where they are asked for:
/// <c>QwenSharp.Packages.Tests --explicit only</c>.
/// </summary>
public sealed class NativeProgramTests(PublishedProgram program) : IClassFixture<PublishedProgram>
{
    [Theory(Explicit = true)]
    [InlineData(null)]
    [InlineData("scalar")]
    [InlineData("vector128")]
    [InlineData("avx2")]
    [InlineData("avx512")]
    public async Task The_published_program_answers_with_every_instruction_set(string? instructionSet)
    {
        await program.PublishAsync();
        Assert.SkipWhen(program.Reason is not null, program.Reason ?? "");
        Command answer = await program.RunAsync(instructionSet, ["run", "Who are you?", "--temperature", "0"]);
        Assert.SkipWhen(answer.Error.Contains("This processor cannot run", StringComparison.Ordinal), answer.Error);
        Assert.True(answer.ExitCode == 0, answer.Error);
        Assert.Contains("QwenSharp", answer.Output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task The_published_program_has_the_instruction_sets_of_this_processor()
    {
        await program.PublishAsync();
        Assert.SkipWhen(program.Reason is not null, program.Reason ?? "");
        string best = Numerics.InstructionSets.Best.ToString();
        Command measured = await program.RunAsync(null, ["bench", Repository.Box, "--threads", "1"]);
        Assert.True(measured.ExitCode == 0, measured.Error);
        Assert.Contains($", {best}", measured.Output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task The_published_program_trains()
    {
        await program.PublishAsync();
        Assert.SkipWhen(program.Reason is not null, program.Reason ?? "");
        string data = program.PathOf("data.jsonl");
        await File.WriteAllLinesAsync(
            data,
            Enumerable.Range(0, 40).Select(i =>
                $$"""{"messages": [{"role": "user", "content": "{{i}}?"}, {"role": "assistant", "content": "{{i}}."}]}"""),
            TestContext.Current.CancellationToken);
        Command taught = await program.RunAsync(
            null,
            ["finetune", Repository.Box, data, "--output", program.PathOf("taught"), "--steps", "4", "--threads", "1"]);
        Assert.True(taught.ExitCode == 0, taught.Error);
        Assert.True(File.Exists(Path.Combine(program.PathOf("taught"), "adapter", "adapter_model.safetensors")));
    }
}

/// <summary>The program, published for this machine by the first test that asks: a run without these tests publishes nothing.</summary>
public sealed class PublishedProgram : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private bool _published;

    /// <summary>Why there is none; null where there is one.</summary>
    public string? Reason { get; private set; }

    /// <summary>Publishes it, once.</summary>
    internal async Task PublishAsync()
    {
        if (_published)
            return;

        _published = true;
        string? compiler = new[] { "clang", "gcc" }.FirstOrDefault(IsInstalled);
        if (!OperatingSystem.IsLinux() || compiler is null)
        {
            Reason = "Publishing ahead of time is tried on Linux with clang or gcc, which link the program.";
            return;
        }

        await Command.DotnetAsync(
            Repository.Root,
            packages: null,
            [
                "publish", "src/QwenSharp.Cli", "-c", "Release", "-p:PublishAot=true", $"-p:CppCompilerAndLinker={compiler}",
                "-o", PathOf("program"),
            ]);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    /// <summary>The path of a file beside the program's folder.</summary>
    internal string PathOf(string name) => _folder[name];

    /// <summary>Runs it.</summary>
    internal Task<Command> RunAsync(string? instructionSet, params string[] arguments) => Command.RunAsync(
        Path.Combine(PathOf("program"), "qwensharp"),
        Repository.Root,
        new Dictionary<string, string?> { [Numerics.InstructionSets.Variable] = instructionSet },
        arguments);

    private static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, program)));
}
