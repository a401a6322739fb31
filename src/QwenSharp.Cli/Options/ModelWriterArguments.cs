using System.CommandLine;
using System.Diagnostics;
using System.IO.Enumeration;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Terminals;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Cli.Options;

/// <summary>What <c>convert</c> and <c>quantize</c> share: the options of a model that is written, and the writing.</summary>
internal sealed class ModelWriterArguments
{
    private readonly Option<string?> _importance = new("--imatrix")
    {
        Description = "An importance matrix: which columns matter most. 'qwensharp imatrix' makes one.",
        HelpName = "FILE",
    };
    private readonly Option<string[]> _keep = new("--keep")
    {
        Description =
            "A type for some tensors, such as 'output.weight=q8_0' or 'blk.*.attn_v.weight=q6_k'; may be repeated, the first that fits "
                + "counts.",
        HelpName = "TENSOR=TYPE",
    };
    private readonly Option<int> _threads = Values.Number("--threads", 0, 1024, "Threads that convert; 0 for one a processor.", 0);
    private readonly Option<bool> _requantize = new("--requantize")
    {
        Description = "Quantise matrices again that are quantised already; it loses more than once from the original.",
    };
    private readonly Option<bool> _json = Values.Json("One JSON object at the end: file, bytes, types, seconds.");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_importance, _keep, _threads, _requantize, _json])
            command.Add(option);
    }

    /// <summary>Every mix, for a description.</summary>
    public static string MixNames => string.Join(", ", WeightMix.All.Select(mix => mix.Name));

    /// <summary>A mix by its name.</summary>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public static WeightMix Mix(string name)
    {
        try
        {
            return WeightMix.Find(name);
        }
        catch (ArgumentException unknown)
        {
            throw new UsageException(CommandTree.Said(unknown));
        }
    }

    /// <summary>Writes the model and says what was written.</summary>
    public void Write(Terminal terminal, ParseResult parsed, string model, string output, WeightMix? mix, CancellationToken stop)
    {
        string? importance = parsed.GetValue(_importance);
        if (output.Length == 0)
            throw new UsageException("OUT is empty; it names the file to write.");
        if (importance is not null && mix is null)
            throw new UsageException("--imatrix weighs what a type rounds away; give --type as well.");

        if (importance is not null && mix!.Bulk.BlockLength() == 1)
        {
            throw new UsageException(
                $"--imatrix weighs what a type rounds away, and {mix.Name} has no blocks to weigh; leave one of the two out.");
        }

        OutputFile.Check(output, importance is null ? [model] : [model, importance]);
        ModelWriterOptions options = new()
        {
            Mix = mix,
            Importance = importance is null ? null : ImportanceMatrix.Load(importance),
            Exceptions = [.. (parsed.GetValue(_keep) ?? []).Select(Exception)],
            AllowsRequantization = parsed.GetValue(_requantize),
            Threads = parsed.GetValue(_threads),
        };
        long start = Stopwatch.GetTimestamp();
        using (Checkpoint checkpoint = ModelFiles.Open(model, decode: false))
        using (ProgressLine line = new(terminal))
            ModelWriter.Save(checkpoint, output, options, new Progress(line), stop);

        Report(terminal, parsed.GetValue(_json), output, options, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Says what was written.</summary>
    public static void Report(Terminal terminal, bool json, string output, ModelWriterOptions options, TimeSpan elapsed)
    {
        using GgufFile file = GgufFile.Open(output);
        CheckpointSummary summary = CheckpointSummary.Of(file);
        (TensorType Type, int Count)[] fallbacks = Fallbacks(file, options);
        if (json)
        {
            terminal.Out.WriteLine(
                new JsonObject
                {
                    ["output"] = output,
                    ["bytes"] = summary.Bytes,
                    ["parameters"] = summary.Parameters,
                    ["bits_per_weight"] = summary.BitsPerWeight,
                    ["types"] = new JsonObject(
                        summary.Types.Select(type => KeyValuePair.Create(type.Type.ToString(), (JsonNode?)type.Tensors))),
                    ["fallbacks"] = new JsonObject(
                        fallbacks.Select(fallback => KeyValuePair.Create(fallback.Type.ToString(), (JsonNode?)fallback.Count))),
                    ["seconds"] = elapsed.TotalSeconds,
                }.ToJsonString(Output.JsonText));
        }
        else
        {
            string types = string.Join(", ", summary.Types.Select(type => $"{type.Tensors} × {type.Type}"));
            terminal.Out.WriteLine(
                $"{output}: {Output.Bytes(summary.Bytes)}, {summary.BitsPerWeight:0.00} bits per weight ({types}), in "
                    + $"{elapsed.TotalSeconds:0.0} s"
            );
            foreach (string line in Lines(fallbacks, options))
                terminal.Out.WriteLine(line);
        }
    }

    /// <summary>A line for each type that matrices have in place of that of the mix.</summary>
    public static IEnumerable<string> FallbackLines(GgufFile file, ModelWriterOptions options) => Lines(Fallbacks(file, options), options);

    private static IEnumerable<string> Lines((TensorType Type, int Count)[] fallbacks, ModelWriterOptions options) =>
        fallbacks.Select(fallback =>
            $"{fallback.Count} {(fallback.Count == 1 ? "matrix is" : "matrices are")} {fallback.Type} instead: rows that do not fill "
                + $"blocks of {options.Mix!.Bulk.BlockLength()} cannot be {options.Mix.Bulk}."
        );

    /// <summary>
    /// The types of the matrices that could not have one of the mix, as their rows do not fill its blocks, and how many have each.
    /// </summary>
    private static (TensorType Type, int Count)[] Fallbacks(GgufFile file, ModelWriterOptions options) =>
        options.Mix is not { } mix
            ? []
            :
            [
                .. file
                    .Tensors.Where(tensor =>
                        tensor.Shape[0] % mix.Bulk.BlockLength() != 0
                        && WeightMix.Applies(tensor.Name, tensor.Shape.ToArray().Count(length => length > 1))
                        && !options.Exceptions.Any(exception =>
                            FileSystemName.MatchesSimpleExpression(exception.Tensor, tensor.Name, ignoreCase: false)))
                    .CountBy(tensor => tensor.Type)
                    .Select(entry => (entry.Key, entry.Value)),
            ];

    private static (string, TensorType) Exception(string text)
    {
        int sign = text.LastIndexOf('=');
        return sign > 0 && TensorTypes.TryParse(text[(sign + 1)..], out TensorType type)
            ? (text[..sign], type)
            : throw new UsageException($"--keep wants TENSOR=TYPE with a type such as q6_k, f16 or iq4_xs, not '{text}'.");
    }

    /// <summary>Shows how far the writing is.</summary>
    public sealed class Progress(ProgressLine line) : IProgress<ModelWriterProgress>
    {
        public void Report(ModelWriterProgress value) =>
            line.Show(
                $"{(value.All == 0 ? 100 : 100.0 * value.Done / value.All),3:0} %  {Output.Bytes(value.Done)} of "
                    + $"{Output.Bytes(value.All)}  {value.Tensor} {value.Type}"
            );
    }
}
