using System.Diagnostics;
using QwenSharp.Engine;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Cli.Bench;

/// <summary>How much to measure.</summary>
internal sealed record SpeedTestOptions(int PromptTokens, int GenerateTokens, int Runs, int Threads, TensorType KvType);

/// <summary>Speed of one run.</summary>
/// <param name="Prefill">Prompt tokens a second.</param>
/// <param name="Decode">Generated tokens a second.</param>
/// <param name="Bandwidth">Bytes a second that the memory gave right after the run: on a machine with other work to do, it is not the same
/// from one second to the next.</param>
internal readonly record struct Speed(double Prefill, double Decode, double Bandwidth);

/// <summary>
/// Times prefill of a random prompt and then greedy decoding of one sequence, with the forward pass alone: no tokenizer, no sampler.
/// One shorter run before warms up code and memory.
/// </summary>
internal sealed class SpeedTest(LanguageModel model, SpeedTestOptions options)
{
    // Between these somebody may stop the test.
    private const int ChunkTokens = 512;

    // Seldom enough to cost the measured work nothing.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>The most memory that the process held for the model, in bytes, once measured.</summary>
    public long PeakMemory { get; private set; }

    /// <summary>Measures each run.</summary>
    /// <param name="show">Told how far it is.</param>
    /// <param name="stop">Ends it between two chunks or tokens.</param>
    public List<Speed> Measure(Action<string> show, CancellationToken stop)
    {
        Random random = new(1);
        int[] prompt = [.. Enumerable.Range(0, options.PromptTokens).Select(_ => random.Next(model.Config.VocabularySize))];
        using SequenceEvaluator evaluator = new(model, options.PromptTokens + options.GenerateTokens, options.Threads, options.KvType);
        Run(evaluator, prompt.AsSpan(0, Math.Min(prompt.Length, 64)), Math.Min(options.GenerateTokens, 8), "warming up", show, stop);
        List<Speed> speeds = [];
        for (int run = 0; run < options.Runs; run++)
        {
            string name = $"run {run + 1} of {options.Runs}";
            (double prefill, double decode) = Run(evaluator, prompt, options.GenerateTokens, name, show, stop);

            // Before the bandwidth's buffer, which is not the model's.
            if (run == 0)
                PeakMemory = Machine.PeakMemory();

            speeds.Add(new Speed(prefill, decode, MemoryBandwidth.Measure(options.Threads)));
        }

        return speeds;
    }

    /// <summary>
    /// Bytes that decoding one token reads: the weights, the recurrent states, and keys and values of the positions before it, at the
    /// middle of the answer.
    /// </summary>
    public double BytesReadPerToken() =>
        model.BytesPerToken
        + model.Config.StateBytesPerSequence
        + (options.PromptTokens + options.GenerateTokens / 2.0) * model.Config.KvBytesPerToken(options.KvType);

    private static (double Prefill, double Decode) Run(
        SequenceEvaluator evaluator,
        ReadOnlySpan<int> prompt,
        int generate,
        string run,
        Action<string> show,
        CancellationToken stop)
    {
        show($"{run}: prefill");
        evaluator.Rewind();
        long start = Stopwatch.GetTimestamp();
        ReadOnlySpan<float> logits = [];
        for (int done = 0; done < prompt.Length; done += ChunkTokens)
        {
            stop.ThrowIfCancellationRequested();
            logits = evaluator.Append(prompt.Slice(done, Math.Min(ChunkTokens, prompt.Length - done)));
            if (done + ChunkTokens < prompt.Length)
                show($"{run}: prefill, {done + ChunkTokens} of {prompt.Length} tokens");
        }

        TimeSpan prefill = Stopwatch.GetElapsedTime(start);

        show($"{run}: decode");
        Span<int> next = new int[1];
        long shown = start = Stopwatch.GetTimestamp();
        for (int i = 0; i < generate; i++)
        {
            stop.ThrowIfCancellationRequested();
            next[0] = Likeliest(logits);
            logits = evaluator.Append(next);
            if (Stopwatch.GetElapsedTime(shown) < Interval)
                continue;

            show($"{run}: decode, {i + 1} of {generate} tokens");
            shown = Stopwatch.GetTimestamp();
        }

        return (prompt.Length / prefill.TotalSeconds, generate / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static int Likeliest(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best])
                best = i;
        }

        return best;
    }
}
