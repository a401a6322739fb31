using System.Buffers.Binary;
using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Engine;
using QwenSharp.Formats;
using QwenSharp.Models;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp logits</c>: what the model computes for given tokens, for comparison with other implementations.</summary>
internal static class LogitsCommand
{
    private const string Examples = """
        qwensharp logits qwen3-0.6b.gguf --tokens 9707,11,1879 --output hello.logits
        qwensharp tokenize qwen3-0.6b.gguf "Hello" > ids.txt && qwensharp logits qwen3-0.6b.gguf --tokens ids.txt --output hello.logits

        The file: int32 n, int32 vocabulary size, n int32 token ids, n × vocabulary float32 logits; all little-endian.
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = Values.Model("A GGUF file with weights, or a Hugging Face folder; it needs no tokenizer.");
        Option<string> tokens = new("--tokens")
        {
            Description = "Token ids separated by commas, or a file with ids separated by commas or white space, or a JSON array.",
            HelpName = "IDS|FILE",
            Required = true,
        };
        Option<string> output = new("--output")
        {
            Description = "The file to write.",
            HelpName = "FILE",
            Required = true,
        };
        Values.Check(output, path => path != "", "may not be empty");
        Option<string?> adapter = AdapterArguments.One();
        Option<bool> json = Values.Json("Say what was computed as one JSON object.");
        ModelOptions modelOptions = new(kvDefault: "f32", context: false);
        DocumentedCommand command = new("logits", "Computes the logits of every token of one sequence, from position 0.", Examples)
        {
            model,
            tokens,
            output,
            adapter,
            json,
        };
        modelOptions.AddTo(command);
        command.SetAction((parsed, stop) =>
        {
            string list = parsed.GetValue(tokens)!;
            int[] ids = TokenList.Parse(File.Exists(list) ? File.ReadAllText(list) : list);
            if (ids.Length == 0)
                throw new UsageException("--tokens names no token.");

            string source = LocalModel.Of(parsed.GetValue(model)!).Path;
            OutputFile.Check(
                parsed.GetValue(output)!,
                [source, parsed.GetValue(tokens)!, .. parsed.GetValue(adapter) is { } lora ? (string[])[lora] : []]);
            using Checkpoint file = ModelFiles.Open(source);
            LanguageModel weights = LanguageModel.Load(file);
            if (ids.Length > weights.Config.ContextLength)
                throw new UsageException($"--tokens names {ids.Length} tokens; the model's context is {weights.Config.ContextLength}.");

            FittedAdapter? fitted = parsed.GetValue(adapter) is { } path ? weights.Fit(AdapterFile.Read(path, weights.Config)) : null;
            Write(weights, fitted, ids, parsed.GetValue(output)!, modelOptions.Read(parsed), stop);
            if (parsed.GetValue(json))
            {
                terminal.Out.WriteLine(new JsonObject
                {
                    ["output"] = parsed.GetValue(output),
                    ["tokens"] = ids.Length,
                    ["vocabulary_size"] = weights.Config.VocabularySize,
                }.ToJsonString(Output.JsonText));
            }

            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    /// <summary>Computes and writes row by row, under a temporary name until the file is complete.</summary>
    private static void Write(
        LanguageModel weights,
        FittedAdapter? adapter,
        int[] ids,
        string path,
        QwenModelOptions options,
        CancellationToken stop)
    {
        string partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            using (FileStream stream = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 20))
            {
                WriteIntegers(stream, [ids.Length, weights.Config.VocabularySize, .. ids]);
                using SequenceEvaluator evaluator = new(weights, ids.Length, options.Threads, options.KvType, adapter: adapter);
                evaluator.Append(ids, (_, row) =>
                {
                    stop.ThrowIfCancellationRequested();
                    WriteFloats(stream, row);
                });
            }

            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static void WriteIntegers(Stream stream, ReadOnlySpan<int> values)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        foreach (int value in values)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
            stream.Write(bytes);
        }
    }

    private static void WriteFloats(Stream stream, ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            stream.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        WriteIntegers(stream, MemoryMarshal.Cast<float, int>(values));
    }
}
