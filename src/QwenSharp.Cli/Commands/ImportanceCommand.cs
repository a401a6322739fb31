using System.CommandLine;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Tokenizers;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp imatrix</c>: which columns of a model's matrices matter most on some text.</summary>
internal static class ImportanceCommand
{
    private const string Examples = """
        qwensharp imatrix Qwen3-4B-BF16.gguf calibration.txt --output Qwen3-4B.imatrix.gguf
        qwensharp imatrix Qwen3-4B/ calibration.txt --output m.gguf --chunks 100
        qwensharp quantize Qwen3-4B-BF16.gguf Qwen3-4B-IQ4_XS.gguf iq4_xs --imatrix m.gguf

        The text should be like what the model will read: languages, code, conversations. A few hundred thousand tokens are plenty.
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = Values.Model("A GGUF file or a Hugging Face folder, best in F16 or BF16.");
        Argument<string> text = new("TEXTFILE") { Description = "A text in UTF-8; control tokens in it are parsed." };
        Option<string> output = new("--output")
        {
            Description = "The file to write, in llama.cpp's GGUF form.",
            HelpName = "FILE",
            Required = true,
        };
        Values.Check(output, path => path != "", "may not be empty");
        Option<int> size = Values.Number("--chunk-size", 1, 1 << 20, "Tokens of a piece of text; pieces know nothing of each other.", 512);
        Option<int> chunks = Values.Number("--chunks", 0, int.MaxValue, "The most pieces to evaluate; 0 for the whole text.", 0);
        Option<int> threads = Values.Number("--threads", 0, 1024, "Threads that compute; 0 for one a processor.", 0);
        Option<bool> json = Values.Json("One JSON object at the end: file, pieces, tokens, matrices.");
        DocumentedCommand command = new(
            "imatrix",
            "Measures on a text which columns of a model's matrices matter most, for quantize.",
            Examples)
        {
            model,
            text,
            output,
            size,
            chunks,
            threads,
            json,
        };
        command.SetAction(
            (parsed, stop) =>
            {
                string source = LocalModel.Of(parsed.GetValue(model)!).Path,
                    path = parsed.GetValue(text)!,
                    file = parsed.GetValue(output)!;
                OutputFile.Check(file, source, path);
                using Checkpoint checkpoint = ModelFiles.Open(source);
                BpeTokenizer tokenizer = QwenTokenizer.Of(checkpoint);
                int[] tokens = tokenizer.Encode(Utf8Text.ReadFile(path), TokenParsing.All);
                if (parsed.GetValue(chunks) is > 0 and int most)
                    tokens = tokens[..(int)Math.Min(tokens.Length, (long)most * parsed.GetValue(size))];

                ImportanceMatrix matrix;
                using (ProgressLine line = new(terminal))
                {
                    matrix = ImportanceCollector.Collect(
                        checkpoint,
                        tokens,
                        Path.GetFileName(path),
                        parsed.GetValue(size),
                        parsed.GetValue(threads),
                        new Progress(line),
                        stop);
                }

                matrix.Save(file);
                if (parsed.GetValue(json))
                {
                    terminal.Out.WriteLine(
                        new JsonObject
                        {
                            ["output"] = file,
                            ["chunks"] = matrix.ChunkCount,
                            ["tokens"] = matrix.ChunkCount * matrix.ChunkSize,
                            ["matrices"] = matrix.Names.Count,
                        }.ToJsonString(Output.JsonText));
                }
                else
                {
                    terminal.Out.WriteLine(
                        $"{file}: {matrix.Names.Count} matrices over {matrix.ChunkCount} {(matrix.ChunkCount == 1 ? "piece" : "pieces")} "
                            + $"of {matrix.ChunkSize} tokens"
                    );
                }

                return Task.FromResult(ExitCode.Ok);
            });
        return command;
    }

    private sealed class Progress(ProgressLine line) : IProgress<(int Done, int All)>
    {
        public void Report((int Done, int All) value) =>
            line.Show($"{100.0 * value.Done / value.All,3:0} %  {value.Done} of {value.All} {(value.All == 1 ? "piece" : "pieces")}");
    }
}
