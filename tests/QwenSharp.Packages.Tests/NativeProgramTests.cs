namespace QwenSharp.Packages.Tests;

/// <summary>
/// The program compiled ahead of time, published and asked. Minutes of compiling, so these run only where they are asked for:
/// <c>QwenSharp.Packages.Tests --explicit only</c>.
/// </summary>
public sealed class NativeProgramTests(NativeProgram program) : PublishedStateTests<NativeProgram>(program)
{
    [Theory(Explicit = true)]
    [InlineData(null)]
    [InlineData("scalar")]
    [InlineData("vector128")]
    [InlineData("avx2")]
    [InlineData("avx512")]
    public async Task The_published_program_answers_with_every_instruction_set(string? instructionSet)
    {
        await Program.PublishAsync();
        Command answer = await Program.RunAsync(instructionSet, ["run", "Who are you?", "--temperature", "0"]);
        Assert.SkipWhen(answer.Error.Contains("This processor cannot run", StringComparison.Ordinal), answer.Error);
        Assert.True(answer.ExitCode == 0, answer.Error);
        Assert.Contains("QwenSharp", answer.Output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task The_published_program_has_the_instruction_sets_of_this_processor()
    {
        await Program.PublishAsync();
        string best = Numerics.InstructionSets.Best.ToString();
        Command measured = await Program.RunAsync(null, ["bench", Repository.Box, "--threads", "1"]);
        Assert.True(measured.ExitCode == 0, measured.Error);
        Assert.Contains($", {best}", measured.Output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task The_published_program_trains()
    {
        await Program.PublishAsync();
        string data = Program.PathOf("data.jsonl");
        await File.WriteAllLinesAsync(
            data,
            Enumerable.Range(0, 40).Select(i =>
                $$"""{"messages": [{"role": "user", "content": "{{i}}?"}, {"role": "assistant", "content": "{{i}}."}]}"""),
            TestContext.Current.CancellationToken);
        Command taught = await Program.RunAsync(
            null,
            ["finetune", Repository.Box, data, "--output", Program.PathOf("taught"), "--steps", "4", "--threads", "1"]);
        Assert.True(taught.ExitCode == 0, taught.Error);
        Assert.True(File.Exists(Path.Combine(Program.PathOf("taught"), "adapter", "adapter_model.safetensors")));
    }
}
