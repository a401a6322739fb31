using System.CommandLine;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Models;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp quantize</c>: a model in fewer bits.</summary>
internal static class QuantizeCommand
{
    private const string Examples = """
        qwensharp quantize Qwen3-4B-BF16.gguf Qwen3-4B-Q4_K_M.gguf q4_k_m
        qwensharp quantize Qwen3-4B-BF16.gguf small.gguf iq4_xs --imatrix m.gguf --keep "output.weight=q8_0"
        qwensharp quantize Qwen3-4B/ Qwen3-4B-Q6_K.gguf q6_k             # straight from a Hugging Face folder
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> input = new("IN")
        {
            Description = "A GGUF file in F32, F16 or BF16, a Hugging Face folder, or the name of a pulled model.",
        };
        Argument<string> output = new("OUT") { Description = "The GGUF file to write." };
        Argument<string> type = new("TYPE")
        {
            Description = $"{ModelWriterArguments.MixNames}. Which matrix gets which type within a mix is llama.cpp's choice.",
        };
        ModelWriterArguments writer = new();
        DocumentedCommand command = new("quantize", "Writes a model in fewer bits.", Examples) { input, output, type };
        writer.AddTo(command);
        command.SetAction((parsed, stop) =>
        {
            string path = LocalModel.Of(parsed.GetValue(input)!).Path, file = parsed.GetValue(output)!;
            WeightMix mix = ModelWriterArguments.Mix(parsed.GetValue(type)!);
            writer.Write(terminal, parsed, path, file, mix, stop);
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }
}
