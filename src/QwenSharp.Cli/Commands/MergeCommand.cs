using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Formats;
using QwenSharp.Models;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp merge</c>: a model with an adapter added to its weights.</summary>
internal static class MergeCommand
{
    private const string Examples = """
        qwensharp merge qwen3-0.6b.gguf support/ --output qwen3-0.6b-support.gguf
        qwensharp merge qwen3-4b-q4_k_m.gguf support.gguf --output merged.gguf --type q8_0
        qwensharp merge Qwen3-0.6B/ support/ --output Qwen3-0.6B-support/    # a Hugging Face folder

        An adapter also runs without merging: qwensharp run qwen3-0.6b.gguf --adapter support/
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = Values.Model("The base model: a GGUF file or a Hugging Face folder.");
        Argument<string> adapter = new("ADAPTER") { Description = $"A LoRA adapter: {AdapterArguments.Kinds}." };
        Option<string> output = new("--output")
        {
            Description = "The .gguf file to write; any other name is that of a Hugging Face folder, which takes one as the base model.",
            HelpName = "FILE.gguf|FOLDER",
            Required = true,
        };
        Values.Check(output, path => path != "", "may not be empty");
        Option<string?> type = new("--type")
        {
            Description = $"Which types the matrices of a GGUF file get: {ModelWriterArguments.MixNames}; without it each keeps its own.",
            HelpName = "TYPE",
        };
        Option<int> threads = Values.Number("--threads", 0, 1024, "Threads that convert; 0 for one a processor.", 0);
        Option<bool> json = Values.Json("One JSON object at the end: file, bytes, types, seconds.");
        DocumentedCommand command = new("merge", "Adds a LoRA adapter to the weights of a model, and writes it whole.", Examples)
        {
            model,
            adapter,
            output,
            type,
            threads,
            json,
        };
        command.SetAction(
            (parsed, stop) =>
            {
                string path = LocalModel.Of(parsed.GetValue(model)!).Path,
                    result = parsed.GetValue(output)!;
                bool isFile = result.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
                WeightMix? mix = parsed.GetValue(type) is { } name ? ModelWriterArguments.Mix(name) : null;
                if (mix is not null && !isFile)
                    throw new UsageException("--type is for a .gguf file; a folder keeps the types of its model.");
                if (parsed.GetResult(threads) is { Implicit: false } && !isFile)
                    throw new UsageException("--threads is for a .gguf file; one thread writes a folder.");
                if (isFile)
                    OutputFile.Check(result, path, parsed.GetValue(adapter)!);

                ModelWriterOptions options = new() { Mix = mix, AllowsRequantization = true, Threads = parsed.GetValue(threads) };
                long start = Stopwatch.GetTimestamp();
                using (Checkpoint checkpoint = ModelFiles.Open(path, decode: false))
                {
                    string adapterPath = AdapterArguments.InRun(parsed.GetValue(adapter)!);
                    LoraAdapter lora = AdapterFile.Read(adapterPath, LanguageModel.Load(checkpoint).Config);
                    using ProgressLine line = new(terminal);
                    options = options with { Adapter = lora };
                    if (isFile)
                        ModelWriter.Save(checkpoint, result, options, new ModelWriterArguments.Progress(line), stop);
                    else
                        MergedFolder.Save(checkpoint, lora, result, new FolderProgress(line), stop);
                }

                if (isFile)
                    ModelWriterArguments.Report(terminal, parsed.GetValue(json), result, options, Stopwatch.GetElapsedTime(start));
                else
                    ReportFolder(terminal, parsed.GetValue(json), result, Stopwatch.GetElapsedTime(start));

                return Task.FromResult(ExitCode.Ok);
            });
        return command;
    }

    private static void ReportFolder(Terminal terminal, bool json, string folder, TimeSpan elapsed)
    {
        long bytes = Directory.EnumerateFiles(folder).Sum(file => new FileInfo(file).Length);
        terminal.Out.WriteLine(json
            ? new JsonObject { ["output"] = folder, ["bytes"] = bytes, ["seconds"] = elapsed.TotalSeconds }.ToJsonString(Output.JsonText)
            : $"{folder}: {Output.Bytes(bytes)}, in {elapsed.TotalSeconds:0.0} s");
    }

    private sealed class FolderProgress(ProgressLine line) : IProgress<(long Done, long All)>
    {
        public void Report((long Done, long All) value) =>
            line.Show($"{100.0 * value.Done / value.All,3:0} %  {Output.Bytes(value.Done)} of {Output.Bytes(value.All)}");
    }
}
