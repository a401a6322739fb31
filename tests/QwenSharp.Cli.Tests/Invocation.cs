using System.Text;
using System.Text.Json;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Tests;

/// <summary>What a command line did.</summary>
internal sealed record Invocation(int Code, string Out, string Error)
{
    /// <summary>Runs a command line in this process, through the whole command tree.</summary>
    public static Task<Invocation> RunAsync(params string[] arguments) => RunAsync([], arguments);

    /// <summary>Runs a command line with text on standard input.</summary>
    public static Task<Invocation> WithInputAsync(string input, params string[] arguments) =>
        RunAsync(Encoding.UTF8.GetBytes(input), arguments);

    /// <summary>The output as one JSON value.</summary>
    public JsonElement Json()
    {
        using JsonDocument document = JsonDocument.Parse(Out);
        return document.RootElement.Clone();
    }

    /// <summary>Checks that the command failed with one line that says this.</summary>
    public void AssertFails(int code, string message)
    {
        Assert.Equal((code, ""), (Code, Out));
        Assert.StartsWith("qwensharp: ", Error);
        Assert.Contains(message, Error);
        Assert.Single(Error.TrimEnd('\r', '\n').Split('\n'));
    }

    /// <summary>Runs a command line with bytes on standard input.</summary>
    public static async Task<Invocation> RunAsync(byte[] input, string[] arguments)
    {
        using StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        using Terminal terminal = new(new MemoryStream(input), output, error);
        int code = await CommandTree.InvokeAsync(arguments, terminal);
        return new Invocation(code, output.ToString(), error.ToString());
    }
}
