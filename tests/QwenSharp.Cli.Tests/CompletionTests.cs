using System.Diagnostics;
using System.Text.RegularExpressions;

namespace QwenSharp.Cli.Tests;

public sealed class CompletionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "quantize")]
    [InlineData("qu", "quantize")]
    [InlineData("--", "--version")]
    [InlineData("", "data", "eval")]
    [InlineData("--te", "--temperature", "run", "m.gguf")]
    [InlineData("", "f16", "run", "--kv")]
    [InlineData("--kv=f", "--kv=f16", "run")]
    [InlineData("", "q4_k_m", "quantize", "in.gguf", "out.gguf")]
    [InlineData("qwen3-0", "qwen3-0.6b", "bench", "--shape")]
    [InlineData("", "box", "run")]
    [InlineData("qwen3:0", "qwen3:0.6b", "pull")]
    [InlineData("", "zsh", "completion")]
    [InlineData("", "--port", "serve")]
    [InlineData("", "huggingface", "pull", "qwen3:4b", "--hub")]
    public async Task A_word_may_stand_in_its_place(string typed, string expected, params string[] before) =>
        Assert.Contains(expected, await Words(typed, before));

    [Theory]
    [InlineData("", "complete")] // hidden
    [InlineData("--", "--temperature", "run", "--temperature", "0")] // given already
    [InlineData("--", "--temperature", "run", "m", "--")] // a prompt
    [InlineData("", "run", "run", "m", "Hi")] // no more arguments
    [InlineData("", "box", "eval", "data")]
    public async Task A_word_that_may_not_is_not_offered(string typed, string absent, params string[] before) =>
        Assert.DoesNotContain(absent, await Words(typed, before));

    [Theory]
    [InlineData(true, "run")]
    [InlineData(true, "finetune", "m")]
    [InlineData(true, "logits", "m", "--output")]
    [InlineData(true, "run", "--adapter")]
    [InlineData(false, "run", "m")] // a prompt
    [InlineData(false, "run", "--kv")]
    [InlineData(false, "pull")]
    [InlineData(false)]
    public async Task Files_are_the_shells_to_name(bool files, params string[] before) =>
        Assert.Equal(files, (await Words("", before)).Contains(":files"));

    [Fact]
    public async Task Each_candidate_says_what_it_means()
    {
        Invocation asked = await Invocation.RunAsync("complete", "--word=inspe", "--");

        Assert.StartsWith("inspect\t", asked.Out);
        Assert.Single(asked.Out.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("bash", "run m.gguf --temp", "--temperature")]
    [InlineData("bash", "quantize in out q4_k_", "q4_k_m")]
    [InlineData("bash", "pull qwen3:0.", "0.6b")] // what stands behind the ':'
    [InlineData("bash", "run --kv=f1", "f16")]
    [InlineData("bash", "inspect {folder}/na", "{folder}/name of a model.gguf")]
    [InlineData("zsh", "run m.gguf --temp", "--temperature")]
    [InlineData("zsh", "pull qwen3:0.", "qwen3\\:0.6b")]
    [InlineData("fish", "run m.gguf --temp", "--temperature")]
    [InlineData("fish", "pull qwen3:0.", "qwen3:0.6b")]
    public async Task The_shell_finishes_the_line(string shell, string line, string expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Runs scripts on Linux.");
        Assert.SkipWhen(OnPath(shell) is null, $"There is no {shell} here.");
        string script = _folder["completion"], program = _folder["qwensharp"];
        File.WriteAllText(script, (await Invocation.RunAsync("completion", shell)).Out);
        string dotnet = Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet";
        File.WriteAllText(program, $"#!/bin/sh\nexec '{dotnet}' '{typeof(ExitCode).Assembly.Location}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        File.WriteAllText(_folder["name of a model.gguf"], "");
        line = "qwensharp " + line.Replace("{folder}", _folder[""].TrimEnd('/'), StringComparison.Ordinal);

        string driver = shell switch
        {
            // What readline does: words taken apart at COMP_WORDBREAKS, then the function that 'complete -p' names.
            "bash" => """
                source "$1"; line="$2"
                COMP_LINE="$line"; COMP_POINT=${#line}; COMP_WORDS=()
                while read -r word; do COMP_WORDS+=("$word"); done < <(sed 's/[ ]/\n/g; s/[:=]/\n&\n/g' <<< "$line")
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                [[ $(complete -p qwensharp) == *"-F _qwensharp"* ]] && _qwensharp
                printf '%s\n' "${COMPREPLY[@]}"
                """,
            // zsh's completion needs a terminal; its functions are replaced by ones that print what they are given.
            "zsh" => """
                compdef() { }; _describe() { print -rl -- "${(@P)2}" }; _files() { print files }
                source "$1"; words=("${(@s: :)2}"); CURRENT=$#words; PREFIX=$words[-1]
                _qwensharp
                """,
            _ => "source $argv[1]; complete -C $argv[2]",
        };
        ProcessStartInfo start = new(shell, shell == "fish" ? ["-c", driver, script, line] : ["-c", driver, shell, script, line])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{_folder[""]}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["HOME"] = start.Environment["XDG_CONFIG_HOME"] = _folder[""];
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        expected = expected.Replace("{folder}", _folder[""].TrimEnd('/'), StringComparison.Ordinal);
        // Behind a word stands its meaning: for zsh's _describe behind a ':', in fish behind a tab.
        string meaning = shell switch { "zsh" => @"(?<!\\):.*", "fish" => @"\t.*", _ => "$" };
        string[] offered = [.. output.TrimEnd('\n').Split('\n').Select(found => Regex.Replace(found, meaning, ""))];
        Assert.True(offered.Contains(expected), $"{expected} is not in: {output}{await error}");
    }

    [Fact]
    public async Task A_shell_that_has_none_is_refused() =>
        (await Invocation.RunAsync("completion", "bsh")).AssertFails(
            ExitCode.Usage,
            "SHELL must be bash, zsh, fish or pwsh, not 'bsh'. Did you mean 'bash'");

    private static string? OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    private static async Task<string[]> Words(string typed, string[] before)
    {
        Invocation asked = await Invocation.RunAsync(["complete", $"--word={typed}", "--", .. before]);
        Assert.Equal((ExitCode.Ok, ""), (asked.Code, asked.Error));
        return [.. asked.Out.TrimEnd('\n').Split('\n').Select(line => line.Split('\t')[0])];
    }
}
