using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Checkpoints;
using QwenSharp.Formats;
using QwenSharp.Models;

namespace QwenSharp;

/// <summary>What a model's files say of it, without its being loaded.</summary>
public sealed record QwenModelInfo
{
    private const int LongestText = 1000;

    /// <summary><c>gguf</c> or <c>safetensors</c>.</summary>
    public required string Format { get; init; }

    /// <summary>Its family, by GGUF's name, such as <c>qwen3</c>; null where the files do not say.</summary>
    public string? Architecture { get; init; }

    /// <summary>How many parameters it has.</summary>
    public long Parameters { get; init; }

    /// <summary>The type that most of its weights are stored in, such as <c>Q4_K</c>; null without weights.</summary>
    public string? WeightType { get; init; }

    /// <summary>Positions that it was trained for; null where the files do not say.</summary>
    public int? ContextLength { get; init; }

    /// <summary>The bytes of its files.</summary>
    public long Bytes { get; init; }

    /// <summary>Its chat template; null where it has none of its own.</summary>
    public string? Template { get; init; }

    /// <summary>Whether its template speaks of reasoning.</summary>
    public bool Reasons { get; init; }

    /// <summary>Whether its template teaches how to call tools.</summary>
    public bool CallsTools { get; init; }

    /// <summary>Whether it says that it makes embeddings.</summary>
    public bool Embeds { get; init; }

    /// <summary>Whether its vocabulary has the tokens between which code is filled in.</summary>
    public bool FillsIn { get; init; }

    /// <summary>
    /// Its metadata by GGUF's keys: numbers, texts, booleans. Arrays are null unless everything was asked for, as vocabularies are long.
    /// </summary>
    public required IReadOnlyDictionary<string, JsonNode?> Metadata { get; init; }

    /// <summary>Its tensors in the file's order; empty unless everything was asked for.</summary>
    public IReadOnlyList<QwenModelTensor> Tensors { get; init; } = [];

    /// <summary>Reads what a GGUF file or a Hugging Face folder says.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="everything">Whether arrays of the metadata and long texts are told whole, and the tensors too: some 100 MB in memory
    /// for a vocabulary of 150,000 tokens.</param>
    /// <exception cref="IOException">It is missing, cannot be read or is damaged.</exception>
    /// <exception cref="InvalidDataException">A folder's model class or a setting is not one that this build runs.</exception>
    public static QwenModelInfo Read(string path, bool everything = false)
    {
        try
        {
            using Checkpoint file = ModelFiles.Open(path, decode: false);
            return Of(path, file, everything);
        }
        catch (ModelLoadException unknown)
        {
            throw new InvalidDataException(unknown.Message, unknown);
        }
    }

    private static QwenModelInfo Of(string path, Checkpoint file, bool everything)
    {
        CheckpointSummary summary =
            everything ? CheckpointSummary.Of(file, int.MaxValue, int.MaxValue) : CheckpointSummary.Of(file, 0, LongestText);
        string? template = CheckpointTemplate.OwnOf(file);
        ReplyFormat reply = ReplyFormat.Of(template ?? "");
        file.Metadata.TryGetInt32($"{summary.Architecture}.context_length", out int context);
        file.Metadata.TryGetInt32($"{summary.Architecture}.pooling_type", out int pooling);
        return new QwenModelInfo
        {
            Format = file is GgufFile ? "gguf" : "safetensors",
            Architecture = summary.Architecture,
            Parameters = summary.Parameters,
            WeightType = summary.Types is [var first, ..] ? first.Type.ToString().ToUpperInvariant() : null,
            ContextLength = context > 0 ? context : null,
            Bytes = file.ByteLength,
            Template = template,
            Reasons = reply.Reasons,
            CallsTools = reply.ToolCalls is not null,
            Embeds = pooling == (int)Pooling.Last || IsCalledEmbedding(path, summary.Name),
            FillsIn = HasFillIn(file),
            Metadata = summary.Metadata.ToDictionary(
                entry => entry.Key, entry => everything || entry.Value is not JsonArray ? entry.Value : null),
            Tensors = everything ? [.. summary.Tensors.Select(QwenModelTensor.Of)] : [],
        };
    }

    /// <summary>The bytes of a model's files; 0 where there are none.</summary>
    /// <param name="path">A GGUF file (the first of a split one stands for all) or a folder.</param>
    public static long BytesOf(string path)
    {
        if (Directory.Exists(path))
            return Directory.EnumerateFiles(path).Sum(LengthOf);

        const string FirstOf = "-00001-of-";
        string name = Path.GetFileName(path), folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        int at = name.IndexOf(FirstOf, StringComparison.Ordinal);
        return at < 0 ? LengthOf(path) : Directory.EnumerateFiles(folder, name[..at] + "-*-of-*").Sum(LengthOf);
    }

    // A link has no length of its own.
    private static long LengthOf(string file) =>
        new FileInfo(file) is { Exists: true } info ? ((FileInfo?)info.ResolveLinkTarget(returnFinalTarget: true) ?? info).Length : 0;

    // As published, some models for embeddings say so in their name alone.
    private static bool IsCalledEmbedding(string path, string? name) =>
        Path.GetFileName(path).Contains("embed", StringComparison.OrdinalIgnoreCase)
        || name?.Contains("embed", StringComparison.OrdinalIgnoreCase) is true;

    private static bool HasFillIn(Checkpoint file) =>
        file.Metadata.TryGetStringArray("tokenizer.ggml.tokens", out GgufStringArray? tokens)
        && tokens.Any(token => token.Span.SequenceEqual("<|fim_prefix|>"u8));
}

/// <summary>One tensor of a model's files.</summary>
/// <param name="Name">Its name, by GGUF.</param>
/// <param name="Type">How its elements are stored, such as <c>Q4_K</c>.</param>
/// <param name="Shape">Lengths of its dimensions, the contiguous one first.</param>
public sealed record QwenModelTensor(string Name, string Type, IReadOnlyList<long> Shape)
{
    internal static QwenModelTensor Of(TensorSummary tensor) => new(tensor.Name, tensor.Type.ToString().ToUpperInvariant(), tensor.Shape);
}
