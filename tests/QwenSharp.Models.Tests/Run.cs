using QwenSharp.Engine;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Tests;

/// <summary>A model with the state of a few sequences, driven by hand.</summary>
internal sealed class Run : IDisposable
{
    private readonly ModelRunner _runner;
    private readonly int[][] _blocks;
    private readonly int[] _positions;

    public Run(LanguageModel model, int maxRows, int sequences, TensorType kvType = TensorType.F32, int threads = 2)
    {
        int blocks = model.Config.ContextLength / KvStore.BlockTokens;
        _runner = new ModelRunner(model, new RunnerOptions
        {
            Threads = threads,
            Rows = maxRows,
            LogitRows = maxRows,
            Sequences = sequences,
            Blocks = blocks * sequences,
            KvType = kvType,
        });
        _positions = new int[sequences];

        // Blocks of different sequences alternate, and run backwards.
        _blocks =
        [
            .. Enumerable
                .Range(0, sequences)
                .Select(s => Enumerable.Range(0, blocks).Select(b => (blocks - 1 - b) * sequences + s).ToArray()),
        ];
    }

    public void Restart() => Array.Clear(_positions);

    public float[][] Append(int sequence, int[] tokens, int? logits = null, FittedAdapter? adapter = null) =>
        [.. Step([(sequence, tokens)], logits, [adapter]).Select(row => row.Logits)];

    /// <summary>Appends tokens to the first sequence, at positions of three parts.</summary>
    public float[][] AppendAt(int[] tokens, GridPosition[] grid)
    {
        _runner.Batch.Clear();
        _runner.Batch.Add(tokens, _positions[0], _blocks[0], tokens.Length, grid);
        _positions[0] += tokens.Length;
        _runner.Forward();
        return [.. Enumerable.Range(0, tokens.Length).Select(row => _runner.Logits.Row(row).ToArray())];
    }

    /// <summary>Appends tokens to sequences, each part with the adapter in its place.</summary>
    public List<(int Sequence, float[] Logits)> Step(
        List<(int Sequence, int[] Tokens)> parts,
        int? logits = null,
        FittedAdapter?[]? adapters = null)
    {
        _runner.Batch.Clear();
        List<int> owners = [];
        foreach ((int part, (int sequence, int[] tokens)) in parts.Index())
        {
            _runner.Batch.Add(
                tokens,
                _positions[sequence],
                _blocks[sequence],
                scored: logits ?? tokens.Length,
                slot: sequence,
                adapter: adapters?[part]);
            owners.AddRange(Enumerable.Repeat(sequence, logits ?? tokens.Length));
            _positions[sequence] += tokens.Length;
        }

        _runner.Forward();
        return [.. owners.Select((sequence, row) => (sequence, _runner.Logits.Row(row).ToArray()))];
    }

    public void Dispose() => _runner.Dispose();
}
