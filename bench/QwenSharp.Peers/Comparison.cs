using System.Diagnostics;
using System.Text.Json;

namespace QwenSharp.Peers;

/// <summary>Runs both programs in turn on the same file and prints the ratio of each round's figures.</summary>
internal sealed class Comparison(Arguments options)
{
    private static readonly string[] Figures = ["prefill_tokens_per_second", "decode_tokens_per_second"];

    public void Run(string model)
    {
        Console.WriteLine(
            $"## {Path.GetFileName(model)}: {options.PromptTokens} prompt tokens, {options.GenerateTokens} generated, {options.Threads} "
                + "threads"
        );
        List<(JsonElement Ours, JsonElement Theirs)> rounds = [];
        for (int round = 0; round < options.Rounds; round++)
        {
            JsonElement ours = JsonSerializer.Deserialize<JsonElement>(Ours("bench", model,
                "--prompt-tokens", $"{options.PromptTokens}", "--generate-tokens", $"{options.GenerateTokens}",
                "--threads", $"{options.Threads}", "--json"));
            JsonElement theirs = JsonSerializer.Deserialize<JsonElement>(
                Theirs("peer", model, options.Libraries, $"{options.PromptTokens}", $"{options.GenerateTokens}", $"{options.Threads}"));
            rounds.Add((ours, theirs));
            Console.WriteLine(
                $"round {round + 1}: "
                    + string.Join(
                        "; ",
                        Figures.Select(figure =>
                            $"{figure.Split('_')[0]} {Value(ours, figure):F1} / {Value(theirs, figure):F1} t/s = "
                                + $"{Value(ours, figure) / Value(theirs, figure):F2}"
                        ))
                    + $"; share of read bandwidth {Value(ours, "decode_bandwidth_share"):P0}"
                    + $"; load {Value(ours, "load_seconds"):F2} / {Value(theirs, "load_seconds"):F2} s"
                    + $"; peak {Value(ours, "peak_memory_bytes") / 1e9:F2} / {Value(theirs, "peak_memory_bytes") / 1e9:F2} GB");
        }

        foreach (string figure in Figures)
            Console.WriteLine($"median ratio {figure}: {Median(rounds.Select(r => Value(r.Ours, figure) / Value(r.Theirs, figure))):F2}");

        Console.WriteLine($"relative difference of the logits: {LogitDifference(model):E1}");
        Console.WriteLine();
    }

    private static double Value(JsonElement figures, string name) => figures.GetProperty(name).GetDouble();

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>‖ours − theirs‖ / ‖theirs‖ over the last logits of a short sequence, with F32 KV caches.</summary>
    private double LogitDifference(string model)
    {
        const string Tokens = "11,42,7,100,3,99,64,5";
        float[] theirs = JsonSerializer.Deserialize<float[]>(Theirs("peer-logits", model, options.Libraries, Tokens))!;
        string file = Path.GetTempFileName();
        try
        {
            Ours("logits", model, "--tokens", Tokens, "--output", file);
            ReadOnlySpan<byte> last = File.ReadAllBytes(file).AsSpan()[^(theirs.Length * sizeof(float))..];
            double difference = 0, norm = 0;
            for (int i = 0; i < theirs.Length; i++)
            {
                difference += Math.Pow(BitConverter.ToSingle(last[(i * sizeof(float))..]) - theirs[i], 2);
                norm += Math.Pow(theirs[i], 2);
            }

            return Math.Sqrt(difference / norm);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Ours(params string[] arguments) => Capture("dotnet",
        [Checkout.PathOf("src", "QwenSharp.Cli", "bin", "Release", "net10.0", "qwensharp.dll"), .. arguments]);

    private static string Theirs(params string[] arguments) => Capture("dotnet", [typeof(Comparison).Assembly.Location, .. arguments]);

    private static string Capture(string program, IEnumerable<string> arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}
