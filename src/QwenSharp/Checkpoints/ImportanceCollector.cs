using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using QwenSharp.Engine;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp;

/// <summary>
/// Evaluates a model over a text and sums the squares of what each of its matrices is multiplied with: an <see cref="ImportanceMatrix"/>.
/// </summary>
public sealed partial class ImportanceCollector
{
    private readonly Dictionary<string, Sums> _sums = [];
    private readonly Dictionary<string, Place> _places = [];

    /// <summary>
    /// Where the statistics of a tensor go: which entry, its first matrix there, and how a slice of a stack tells which one it is of.
    /// </summary>
    private sealed record Place(string Name, int Matrix, int Matrices, long ElementsOfMatrix);

    private sealed record Sums(double[] Squares, double[] Counts, float[] Row);

    private ImportanceCollector(Checkpoint checkpoint)
    {
        Dictionary<string, int> experts = checkpoint.Tensors.Select(tensor => ExpertName().Match(tensor.Name)).Where(match => match.Success)
            .CountBy(match => match.Groups["module"].Value).ToDictionary();
        foreach (Tensor tensor in checkpoint.Tensors)
        {
            if (!tensor.Name.StartsWith("blk.", StringComparison.Ordinal) || !WeightMix.Applies(tensor.Name, tensor.Shape.Length))
                continue;

            // An expert in a tensor of its own counts towards the stack that it becomes in GGUF.
            long elements = tensor.Shape[0] * tensor.Shape[1];
            _places.Add(
                tensor.Name,
                ExpertName().Match(tensor.Name) is { Success: true, Groups: var groups }
                    ? new Place(
                        $"{groups["module"].Value}_exps.weight",
                        int.Parse(groups["expert"].Value, CultureInfo.InvariantCulture),
                        experts[groups["module"].Value],
                        elements)
                    : new Place(tensor.Name, 0, (int)(tensor.ElementCount / elements), elements));
        }
    }

    /// <summary>Collects over a text, in pieces that know nothing of each other.</summary>
    /// <param name="checkpoint">The model; its weights should be F16, BF16, F32 or Q8_0.</param>
    /// <param name="tokens">The text.</param>
    /// <param name="dataset">The text's name, for the record.</param>
    /// <param name="chunkSize">Tokens of a piece.</param>
    /// <param name="threads">Threads that compute; 0 for one a processor.</param>
    /// <param name="progress">Told the number of pieces done and of all.</param>
    /// <param name="cancellationToken">Ends the work within one piece.</param>
    /// <exception cref="ArgumentException">The text is shorter than one piece, or a piece longer than the model's context.</exception>
    /// <exception cref="ModelLoadException">The model is not one that this build runs.</exception>
    public static ImportanceMatrix Collect(
        Checkpoint checkpoint, ReadOnlySpan<int> tokens, string dataset, int chunkSize = 512, int threads = 0,
        IProgress<(int Done, int All)>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunkSize);
        int chunks = tokens.Length / chunkSize;
        if (chunks == 0)
        {
            throw new ArgumentException(
                $"The text has {tokens.Length} tokens; at least {chunkSize} are needed, and some hundred thousand are good.",
                nameof(tokens));
        }

        LanguageModel model = LanguageModel.Load(checkpoint);
        if (chunkSize > model.Config.ContextLength)
        {
            throw new ArgumentException(
                $"A piece of {chunkSize} tokens is longer than the model's context, {model.Config.ContextLength}.",
                nameof(chunkSize));
        }

        ImportanceCollector collector = new(checkpoint);
        using SequenceEvaluator evaluator = new(model, chunkSize, threads, observer: collector.Observe);
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            // The last layers compute only rows whose logits are asked for, so all are.
            evaluator.Rewind();
            evaluator.Append(tokens.Slice(chunk * chunkSize, chunkSize), (_, _) => cancellationToken.ThrowIfCancellationRequested());
            progress?.Report((chunk + 1, chunks));
        }

        ImportanceMatrix matrix = new() { Datasets = [dataset], ChunkCount = chunks, ChunkSize = chunkSize };
        foreach ((string name, Sums sums) in collector._sums)
            matrix.Add(name, [.. sums.Squares.Select(sum => (float)sum)], [.. sums.Counts.Select(count => (float)count)]);

        return matrix;
    }

    private void Observe(Tensor weight, Activations x, RowRange rows)
    {
        if (!_places.TryGetValue(weight.Name, out Place? place))
            return;

        int columns = x.Width;
        if (!_sums.TryGetValue(place.Name, out Sums? sums))
        {
            _sums.Add(
                place.Name,
                sums = new Sums(new double[(long)columns * place.Matrices], new double[place.Matrices], new float[columns]));
        }

        int matrix = place.Matrix + (int)(weight.FirstElement / place.ElementsOfMatrix);
        Array.Clear(sums.Row);
        for (int row = rows.First; row < rows.First + rows.Count; row++)
            AddSquares(x.Row(row), sums.Row);

        Span<double> squares = sums.Squares.AsSpan(matrix * columns, columns);
        for (int i = 0; i < columns; i++)
            squares[i] += sums.Row[i];

        sums.Counts[matrix] += rows.Count;
    }

    private static void AddSquares(ReadOnlySpan<float> x, Span<float> sums)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(x);
        Span<Vector<float>> wide = MemoryMarshal.Cast<float, Vector<float>>(sums);
        for (int i = 0; i < vectors.Length; i++)
            wide[i] += vectors[i] * vectors[i];

        for (int i = vectors.Length * Vector<float>.Count; i < x.Length; i++)
            sums[i] += x[i] * x[i];
    }

    [GeneratedRegex(@"^(?<module>blk\.\d+\.ffn_(gate|up|down))\.(?<expert>\d+)\.weight$")]
    private static partial Regex ExpertName();
}
