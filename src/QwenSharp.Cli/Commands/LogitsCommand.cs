using System.Buffers.Binary;
using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Eval;
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
        qwensharp logits qwen3-0.6b.gguf --tokens ids.txt --output f32.logits --kv f32
        qwensharp logits qwen3-0.6b.gguf --tokens ids.txt --compare f32.logits --kv q8_0   # what keys and values in Q8_0 lose

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
        Option<string?> output = new("--output")
        {
            Description = "The file to write.",
            HelpName = "FILE",
        };
        Values.Check(output, path => path != "", "may not be empty");
        Option<string?> compare = new("--compare")
        {
            Description = "A file that this command wrote for the same tokens: says how far the logits are from those.",
            HelpName = "FILE",
        };
        Option<string?> adapter = AdapterArguments.One();
        Option<bool> json = Values.Json("Say what was computed as one JSON object.");
        ModelOptions modelOptions = new(kvDefault: "f32", context: false);
        DocumentedCommand command = new("logits", "Computes the logits of every token of one sequence, from position 0.", Examples)
        {
            model,
            tokens,
            output,
            compare,
            adapter,
            json,
        };
        modelOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(output) is null && result.GetResult(compare) is null)
                result.AddError("logits needs --output, or --compare, or both.");
        });
        command.SetAction((parsed, stop) =>
        {
            string list = parsed.GetValue(tokens)!;
            int[] ids = TokenList.Parse(File.Exists(list) ? File.ReadAllText(list) : list);
            if (ids.Length == 0)
                throw new UsageException("--tokens names no token.");

            string source = LocalModel.Of(parsed.GetValue(model)!).Path;
            string? path = parsed.GetValue(output), reference = parsed.GetValue(compare), lora = parsed.GetValue(adapter);
            if (path is not null)
                OutputFile.Check(path, [source, list, .. new[] { lora, reference }.OfType<string>()]);

            using FileStream? compared = reference is null ? null : File.OpenRead(reference);
            using Checkpoint file = ModelFiles.Open(source);
            LanguageModel weights = LanguageModel.Load(file);
            if (ids.Length > weights.Config.ContextLength)
                throw new UsageException($"--tokens names {ids.Length} tokens; the model's context is {weights.Config.ContextLength}.");

            FittedAdapter? fitted = lora is null ? null : weights.Fit(AdapterFile.Read(lora, weights.Config));
            LogitsDifference? difference = compared is null ? null : new LogitsDifference(compared);
            difference?.Begin(ids, weights.Config.VocabularySize);
            QwenModelOptions options = modelOptions.Read(parsed);
            if (path is null)
                Compute(weights, fitted, ids, options, row => difference!.Add(row), stop);
            else
                Write(weights, fitted, ids, path, options, difference, stop);

            if (parsed.GetValue(json))
            {
                terminal.Out.WriteLine(new JsonObject
                {
                    ["output"] = path,
                    ["tokens"] = ids.Length,
                    ["vocabulary_size"] = weights.Config.VocabularySize,
                    ["difference"] = difference?.ToJson(),
                }.ToJsonString(Output.JsonText));
            }
            else if (difference is not null)
            {
                terminal.Out.WriteLine(difference.ToString());
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
        LogitsDifference? difference,
        CancellationToken stop)
    {
        string partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            using (FileStream stream = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 20))
            {
                WriteIntegers(stream, [ids.Length, weights.Config.VocabularySize, .. ids]);
                Compute(
                    weights,
                    adapter,
                    ids,
                    options,
                    row =>
                    {
                        difference?.Add(row);
                        WriteFloats(stream, row);
                    },
                    stop);
            }

            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static void Compute(
        LanguageModel weights,
        FittedAdapter? adapter,
        int[] ids,
        QwenModelOptions options,
        Action<ReadOnlySpan<float>> receive,
        CancellationToken stop)
    {
        using SequenceEvaluator evaluator = new(weights, ids.Length, options.Threads, options.KvType, adapter: adapter);
        evaluator.Append(ids, (_, row) =>
        {
            stop.ThrowIfCancellationRequested();
            receive(row);
        });
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
