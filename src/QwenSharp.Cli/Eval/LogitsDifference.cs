using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace QwenSharp.Cli.Eval;

/// <summary>
/// How far the next token's distribution is from a reference, position by position: the Kullback-Leibler divergence
/// Σ p ln(p / q) in nats, where p is the reference's softmax, and whether both would choose the same token.
/// </summary>
/// <param name="reference">A file of <c>qwensharp logits</c>; not owned.</param>
internal sealed class LogitsDifference(Stream reference)
{
    private readonly List<double> _divergences = [];
    private byte[] _row = [];
    private int _same;

    /// <summary>How many positions were compared.</summary>
    public int Positions => _divergences.Count;

    /// <summary>The mean of the divergences.</summary>
    public double Mean => _divergences.Average();

    /// <summary>The divergence that one position of a hundred is above.</summary>
    public double Percentile99 => _divergences.Order().ElementAt(Math.Min(Positions - 1, 99 * Positions / 100));

    /// <summary>The greatest divergence.</summary>
    public double Most => _divergences.Max();

    /// <summary>The share of positions where the most probable token is the same.</summary>
    public double Agreement => (double)_same / Positions;

    /// <summary>Reads the file's head, which must be that of these tokens.</summary>
    /// <exception cref="UsageException">The reference is of other tokens, or of another vocabulary.</exception>
    /// <exception cref="EndOfStreamException">The file is too short.</exception>
    public void Begin(ReadOnlySpan<int> tokens, int vocabulary)
    {
        if (ReadInteger() is int count && count != tokens.Length)
            throw new UsageException($"--compare is of {count} tokens; --tokens names {tokens.Length}.");
        if (ReadInteger() is int size && size != vocabulary)
            throw new UsageException($"--compare is of a vocabulary of {size} tokens; the model's has {vocabulary}.");

        foreach (int token in tokens)
        {
            if (ReadInteger() is int other && other != token)
                throw new UsageException($"--compare has the token {other} where --tokens has {token}.");
        }

        _row = new byte[sizeof(float) * vocabulary];
    }

    /// <summary>Compares the next position's logits.</summary>
    /// <exception cref="EndOfStreamException">The file is too short.</exception>
    public void Add(ReadOnlySpan<float> logits)
    {
        reference.ReadExactly(_row);
        ReadOnlySpan<float> expected = MemoryMarshal.Cast<byte, float>(_row);
        int best = Best(expected), other = Best(logits);
        double total = LogOfSum(expected, expected[best]), otherTotal = LogOfSum(logits, logits[other]), divergence = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            double log = expected[i] - total;
            divergence += Math.Exp(log) * (log - (logits[i] - otherTotal));
        }

        // Rounding may leave a little less than nothing.
        _divergences.Add(Math.Max(0, divergence));
        _same += best == other ? 1 : 0;
    }

    /// <summary>The figures as JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["positions"] = Positions,
        ["kl_mean"] = Mean,
        ["kl_p99"] = Percentile99,
        ["kl_max"] = Most,
        ["top1_agreement"] = Agreement,
    };

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Positions} positions: KL divergence {Mean:0.0e0} mean, {Percentile99:0.0e0} at p99, {Most:0.0e0} at most; "
            + $"the same most probable token at {100 * Agreement:0.00} %");

    private static int Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
            best = logits[i] > logits[best] ? i : best;

        return best;
    }

    private static double LogOfSum(ReadOnlySpan<float> logits, float most)
    {
        double sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp(logit - most);

        return most + Math.Log(sum);
    }

    private int ReadInteger()
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        reference.ReadExactly(bytes);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }
}
