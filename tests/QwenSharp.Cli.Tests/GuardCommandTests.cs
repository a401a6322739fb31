using System.Text.Json;

namespace QwenSharp.Cli.Tests;

public sealed class GuardCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public GuardCommandTests() =>
        _model = ScriptedCheckpoint.Write(_folder["guard.gguf"], ["Safety: Unsafe\n", "Categories: Violent, ", "PII\n", "Refusal: No"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_verdict_is_a_line()
    {
        Invocation judged = await Invocation.RunAsync("guard", _model, "How?", "--answer", "So.");

        Assert.Equal((ExitCode.Ok, "Unsafe\tViolent, PII\tno refusal"), (judged.Code, judged.Out.TrimEnd()));
    }

    [Fact]
    public async Task Each_line_of_the_input_is_a_prompt()
    {
        Invocation judged = await Invocation.WithInputAsync("How?\n\nWhy?\n", "guard", _model, "--json");
        JsonElement[] lines = [.. judged.Out.TrimEnd().Split('\n').Select(line => JsonElement.Parse(line))];

        Assert.Equal(["How?", "Why?"], lines.Select(line => line.GetProperty("prompt").GetString()));
        Assert.All(
            lines,
            line =>
                Assert.Equal(
                    ("Unsafe", 2, false),
                    (
                        line.GetProperty("safety").GetString(),
                        line.GetProperty("categories").GetArrayLength(),
                        line.GetProperty("refusal").GetBoolean())));
    }

    [Fact]
    public async Task What_cannot_be_is_one_line()
    {
        string chat = ScriptedCheckpoint.Write(_folder["chat.gguf"]);
        (await Invocation.RunAsync("guard", chat, "How?")).AssertFails(
            ExitCode.Failure,
            "Prompt 1: The model's answer is no safety verdict");
        (await Invocation.RunAsync("guard", _model, " ")).AssertFails(ExitCode.Usage, "PROMPT is empty");
        (await Invocation.WithInputAsync("\n", "guard", _model)).AssertFails(ExitCode.Usage, "no prompt");
        (await Invocation.RunAsync("guard", _model, "How?", "--answer", "")).AssertFails(ExitCode.Usage, "--answer is empty");
        (await Invocation.RunAsync("guard", _model, "--answer", "So.")).AssertFails(ExitCode.Usage, "--answer needs the PROMPT");
        (await Invocation.RunAsync("guard", _folder["absent.gguf"], "How?")).AssertFails(ExitCode.Failure, "absent.gguf");
    }
}
