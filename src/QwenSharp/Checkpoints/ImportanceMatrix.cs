using System.Runtime.InteropServices;
using QwenSharp.Checkpoints;
using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp;

/// <summary>
/// How much each input column of each weight matrix matters: the mean square of the activations that meet it over some text.
/// Quantisation spends its precision where that is large. The file is llama.cpp's: a GGUF with <c>NAME.in_sum2</c>, the sums of squares,
/// and
/// <c>NAME.counts</c>, the tokens they are over, one an expert.
/// </summary>
public sealed class ImportanceMatrix
{
    private const string SumsSuffix = ".in_sum2", CountsSuffix = ".counts";
    private const string DatasetsKey = "imatrix.datasets", ChunkCountKey = "imatrix.chunk_count", ChunkSizeKey = "imatrix.chunk_size";

    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    private sealed record Entry(float[] Sums, float[] Counts);

    /// <summary>The names of the matrices that were met.</summary>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <summary>The texts, by name.</summary>
    public IReadOnlyList<string> Datasets { get; init; } = [];

    /// <summary>How many pieces of text were evaluated.</summary>
    public int ChunkCount { get; init; }

    /// <summary>Tokens of a piece.</summary>
    public int ChunkSize { get; init; }

    /// <summary>Adds what was seen of a matrix.</summary>
    /// <param name="name">Its GGUF name.</param>
    /// <param name="sums">[experts, columns]: sums of squares; one expert for a plain matrix.</param>
    /// <param name="counts">[experts]: the tokens they are over.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, a number is not finite or negative, or the name is there
    /// already.</exception>
    public void Add(string name, float[] sums, float[] counts)
    {
        if (counts.Length == 0 || sums.Length == 0 || sums.Length % counts.Length != 0)
            throw new ArgumentException($"'{name}' has {sums.Length} sums for {counts.Length} counts.", nameof(sums));
        if (sums.Concat(counts).Any(value => !(value >= 0) || !float.IsFinite(value)))
            throw new ArgumentException($"'{name}' has a sum or a count that is negative or not finite.", nameof(sums));
        if (!_entries.TryAdd(name, new Entry(sums, counts)))
            throw new ArgumentException($"'{name}' is there already.", nameof(name));
    }

    /// <summary>
    /// The importance of each column, for one matrix of a stack; none where the matrix was never met, and 1 for an expert that no token
    /// hit.
    /// </summary>
    /// <param name="name">The tensor's GGUF name.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="matrices">Matrices in the tensor.</param>
    /// <param name="matrix">Which one.</param>
    /// <exception cref="InvalidDataException">The matrix had another number of columns when it was met.</exception>
    public float[]? For(string name, int columns, int matrices = 1, int matrix = 0)
    {
        if (!_entries.TryGetValue(name, out Entry? entry))
            return null;
        if (entry.Sums.Length != columns * entry.Counts.Length || (entry.Counts.Length != 1 && entry.Counts.Length != matrices))
        {
            throw new InvalidDataException(
                $"The importance matrix has {entry.Counts.Length} × {entry.Sums.Length / entry.Counts.Length} columns for '{name}', which "
                    + $"has {matrices} × {columns}: it was made with another model."
            );
        }

        // Statistics of a whole tensor serve each of its matrices.
        int at = entry.Counts.Length == 1 ? 0 : matrix;
        float count = entry.Counts[at];
        float[] means = new float[columns];
        for (int i = 0; i < columns; i++)
            means[i] = count > 0 ? entry.Sums[(at * columns) + i] / count : 1;

        return means;
    }

    /// <summary>Reads a file, in GGUF or in the older form of llama.cpp (<c>.dat</c>).</summary>
    /// <exception cref="InvalidDataException">The file is no importance matrix.</exception>
    /// <exception cref="IOException">The file is missing or damaged (<see cref="GgufException"/>).</exception>
    public static ImportanceMatrix Load(string path)
    {
        using (FileStream stream = File.OpenRead(path))
        {
            Span<byte> magic = stackalloc byte[4];
            if (stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) < magic.Length || !magic.SequenceEqual("GGUF"u8))
                return LegacyImportanceMatrix.Read(path);
        }

        using GgufFile file = GgufFile.Open(path);
        ImportanceMatrix matrix = new()
        {
            Datasets = file.Metadata.TryGetStringArray(DatasetsKey, out GgufStringArray? names)
                ? [.. names.Select(utf8 => System.Text.Encoding.UTF8.GetString(utf8.Span))]
                : [],
            ChunkCount = file.Metadata.TryGetInt32(ChunkCountKey, out int count) ? count : 0,
            ChunkSize = file.Metadata.TryGetInt32(ChunkSizeKey, out int size) ? size : 0,
        };
        foreach (Tensor sums in file.Tensors.Where(tensor => tensor.Name.EndsWith(SumsSuffix, StringComparison.Ordinal)))
        {
            string name = sums.Name[..^SumsSuffix.Length];
            Tensor counts = file.GetTensor(name + CountsSuffix);
            if (sums.Type != TensorType.F32 || counts.Type != TensorType.F32)
                throw new InvalidDataException($"{path}: the sums and counts of '{name}' are not F32.");

            matrix.AddRead(
                path,
                name,
                MemoryMarshal.Cast<byte, float>(sums.Data).ToArray(),
                MemoryMarshal.Cast<byte, float>(counts.Data).ToArray());
        }

        return matrix._entries.Count > 0
            ? matrix
            : throw new InvalidDataException($"{path} is no importance matrix: it has no tensor named '….in_sum2'.");
    }

    /// <summary>Writes a file that llama.cpp reads too.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        GgufWriter writer = new GgufWriter()
            .Add("general.type", "imatrix")
            .Add(DatasetsKey, GgufValue.ArrayOf([.. Datasets]))
            .Add(ChunkCountKey, (uint)ChunkCount)
            .Add(ChunkSizeKey, (uint)ChunkSize);
        foreach ((string name, Entry entry) in _entries)
        {
            long matrices = entry.Counts.Length;
            writer.AddTensor(
                name + SumsSuffix,
                TensorType.F32,
                [entry.Sums.Length / matrices, matrices],
                stream => stream.Write(MemoryMarshal.AsBytes(entry.Sums.AsSpan())));
            writer.AddTensor(
                name + CountsSuffix,
                TensorType.F32,
                [1, matrices],
                stream => stream.Write(MemoryMarshal.AsBytes(entry.Counts.AsSpan())));
        }

        writer.Save(path);
    }

    internal void AddRead(string path, string name, float[] sums, float[] counts)
    {
        try
        {
            Add(name, sums, counts);
        }
        catch (ArgumentException wrong)
        {
            throw new InvalidDataException($"{path}: {wrong.Message}", wrong);
        }
    }
}
