using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// Which rows of a batch have an adapter, and the additions of these adapters to a product: y[r] += s·B(A x[r]) for their rows.
/// Other rows are not touched. Belongs to a <see cref="Workspace"/>; its memory grows with the first batches and is kept.
/// </summary>
internal sealed class AdapterRows(int maxRows) : IDisposable
{
    private readonly Dictionary<int, Activations> _inner = [];
    private readonly List<Run> _runs = [];
    private FittedPair?[] _pairs = [];
    private Projection[] _down = [], _up = [];

    /// <summary>Neighbouring rows with one adapter.</summary>
    private readonly record struct Run(FittedAdapter Adapter, RowRange Rows);

    /// <summary>Takes over the rows of a batch.</summary>
    /// <exception cref="ArgumentException">An adapter was fitted to another model.</exception>
    public void Begin(Batch batch, LanguageModel model)
    {
        _runs.Clear();
        for (int i = 0; i < batch.Sequences.Length; i++)
        {
            if (batch.Adapters[i] is not { } adapter)
                continue;
            if (adapter.Model != model)
                throw new ArgumentException($"The adapter '{adapter.Adapter.Name}' was fitted to another model.", nameof(batch));

            (int first, int rows) = (batch.Sequences[i].FirstRow, batch.Sequences[i].Rows);
            if (_runs.Count > 0 && _runs[^1] is { } last && last.Adapter == adapter && last.Rows.First + last.Rows.Count == first)
                _runs[^1] = new Run(adapter, new RowRange(last.Rows.First, last.Rows.Count + rows));
            else
                _runs.Add(new Run(adapter, new RowRange(first, rows)));
        }

        if (_pairs.Length < _runs.Count)
            (_pairs, _down, _up) = (new FittedPair?[_runs.Count], new Projection[_runs.Count], new Projection[_runs.Count]);
    }

    /// <summary>From now on the rows are these of the former, ascending.</summary>
    public void Keep(ReadOnlySpan<int> rows)
    {
        for (int i = 0, at = 0; i < _runs.Count; i++)
        {
            Run run = _runs[i];
            while (at < rows.Length && rows[at] < run.Rows.First)
                at++;

            int first = at;
            while (at < rows.Length && rows[at] < run.Rows.First + run.Rows.Count)
                at++;

            _runs[i] = run with { Rows = new RowRange(first, at - first) };
        }
    }

    /// <summary>Adds to a product of the model, which is complete.</summary>
    /// <param name="compute">The kernels.</param>
    /// <param name="weight">The matrix.</param>
    /// <param name="x">Its input.</param>
    /// <param name="rows">Rows of <paramref name="x"/> in use.</param>
    /// <param name="y">Its output.</param>
    public void Add(Compute compute, Tensor weight, Activations x, int rows, Activations y)
    {
        for (int i = 0; i < _runs.Count; i++)
            _pairs[i] = _runs[i].Adapter.Find(weight);

        // Adapters of one rank share the rounds of the threads.
        for (int i = 0; i < _runs.Count; i++)
        {
            if (_pairs[i] is { } pair)
                Add(compute, pair.Rank, i, x, rows, y);
        }
    }

    /// <summary>Adds to the embeddings of a batch.</summary>
    public void AddEmbeddings(Compute compute, ReadOnlySpan<int> tokens, Activations hidden)
    {
        foreach ((FittedAdapter adapter, RowRange rows) in _runs)
        {
            if (adapter.Embedding is not { } pair)
                continue;

            Activations inner = Inner(compute, pair.Rank);
            compute.Embed(pair.A, tokens.Slice(rows.First, rows.Count), inner, rows.First);
            compute.Project(inner, tokens.Length, new Projection(pair.B, hidden, Accumulate: true, Scale: pair.Scale) { Rows = rows });
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Activations inner in _inner.Values)
            inner.Dispose();
    }

    /// <summary>The runs from one on whose pairs have this rank.</summary>
    private void Add(Compute compute, int rank, int first, Activations x, int rows, Activations y)
    {
        Activations inner = Inner(compute, rank);
        int count = 0;
        for (int i = first; i < _runs.Count; i++)
        {
            if (_pairs[i] is not { } pair || pair.Rank != rank)
                continue;

            _down[count] = new Projection(pair.A, inner, Scale: pair.Scale) { Rows = _runs[i].Rows };
            _up[count++] = new Projection(pair.B, y, Accumulate: true) { Rows = _runs[i].Rows };
            _pairs[i] = null;
        }

        compute.Project(x, rows, _down.AsSpan(0, count));
        compute.Project(inner, rows, _up.AsSpan(0, count));
    }

    private Activations Inner(Compute compute, int rank)
    {
        if (!_inner.TryGetValue(rank, out Activations? inner))
            _inner.Add(rank, inner = compute.CreateActivations(maxRows, rank));

        return inner;
    }
}
