using System.CommandLine;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Models;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp convert</c>: a Hugging Face folder as one GGUF file.</summary>
internal static class ConvertCommand
{
    private const string Examples = """
        qwensharp convert Qwen3-0.6B/                                    # Qwen3-0.6B.gguf, each matrix as it is stored
        qwensharp convert Qwen3-0.6B/ --type q8_0 --output q8.gguf
        qwensharp convert Qwen/Qwen3-4B --type q4_k_m --imatrix m.gguf   # a pulled checkpoint

        A folder also runs without conversion: qwensharp run Qwen3-0.6B/
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> folder = new("FOLDER")
        {
            Description =
                "A Hugging Face folder: config.json, tokenizer.json (or qwen.tiktoken), safetensors. Or the name of a pulled model: see "
                    + "'qwensharp list'.",
        };
        Option<string?> output = new("--output")
        {
            Description = "The file to write; without it the folder's name, with the type, in the current folder.",
            HelpName = "FILE",
        };
        Values.Check(output, path => path != "", "may not be empty");
        Option<string?> type = new("--type")
        {
            Description = $"Which types the matrices get: {ModelWriterArguments.MixNames}; without it each stays as it is stored.",
            HelpName = "TYPE",
        };
        ModelWriterArguments writer = new();
        DocumentedCommand command = new("convert", "Writes a Hugging Face folder as GGUF, which llama.cpp loads too.", Examples)
        {
            folder,
            output,
            type,
        };
        writer.AddTo(command);
        command.SetAction((parsed, stop) =>
        {
            string path = LocalModel.Of(parsed.GetValue(folder)!).Path, name = parsed.GetValue(type) ?? "";
            WeightMix? mix = name == "" ? null : ModelWriterArguments.Mix(name);
            if (ModelFiles.FolderOf(path) is not { } source)
                throw new UsageException($"'{path}' is no folder; a GGUF file is quantised with 'qwensharp quantize'.");

            string file =
                parsed.GetValue(output)
                ?? $"{HuggingFaceCheckpoint.NameOf(source)}{(mix is null ? "" : $"-{mix.Name.ToUpperInvariant()}")}.gguf";
            writer.Write(terminal, parsed, path, file, mix, stop);
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }
}
