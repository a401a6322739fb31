using System.Diagnostics;
using System.Text.Json;

namespace QwenSharp.Peers;

/// <summary>What one process measures of llama.cpp.</summary>
internal static class Peer
{
    /// <summary>Prints the same figures, under the same names, as <c>qwensharp bench --json</c>.</summary>
    public static void Measure(string path, string libraries, int promptTokens, int generateTokens, int threads)
    {
        Stopwatch watch = Stopwatch.StartNew();
        using LlamaCpp llama = new(libraries, path, threads, promptTokens + generateTokens + 8);
        double load = watch.Elapsed.TotalSeconds;

        int[] prompt = [.. Enumerable.Range(0, promptTokens).Select(i => 1 + i * 7919 % (llama.VocabularySize - 1))];
        llama.Decode(prompt);
        llama.Clear();

        watch.Restart();
        llama.Decode(prompt);
        double prefill = watch.Elapsed.TotalSeconds;

        llama.Decode([1]);
        watch.Restart();
        for (int i = 0; i < generateTokens; i++)
            llama.Decode([prompt[i % prompt.Length]]);

        double decode = watch.Elapsed.TotalSeconds;
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            prefill_tokens_per_second = promptTokens / prefill,
            decode_tokens_per_second = generateTokens / decode,
            load_seconds = load,
            peak_memory_bytes = Process.GetCurrentProcess().PeakWorkingSet64,
        }));
    }

    /// <summary>Prints the last token's logits as a JSON array, computed with an F32 KV cache.</summary>
    public static void PrintLogits(string path, string libraries, int[] tokens)
    {
        using LlamaCpp llama = new(libraries, path, threads: 2, tokens.Length + 8, exact: true);
        Console.WriteLine(JsonSerializer.Serialize(llama.Decode(tokens).ToArray()));
    }
}
