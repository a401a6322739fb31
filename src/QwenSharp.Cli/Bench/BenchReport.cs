using System.Text.Json.Nodes;
using QwenSharp.Cli.Commands;
using Spectre.Console;

namespace QwenSharp.Cli.Bench;

/// <summary>What <c>bench</c> found.</summary>
/// <param name="Model">File or shape.</param>
/// <param name="Type">The storage types of its matrices.</param>
/// <param name="Parameters">Elements of the weights.</param>
/// <param name="WeightBytes">Bytes of the weights.</param>
/// <param name="Threads">Threads that computed.</param>
/// <param name="Isa">Instruction set of the kernels.</param>
/// <param name="Test">What was measured.</param>
/// <param name="Speeds">Each run.</param>
/// <param name="LoadSeconds">Opening the file and wiring the weights, or making random ones.</param>
/// <param name="BytesPerToken">Bytes that decoding a token reads.</param>
/// <param name="PeakMemory">The most memory that the process held, in bytes.</param>
/// <param name="PredictedMemory">What <c>inspect</c>'s reckoning says of the same, in bytes.</param>
internal sealed record BenchReport(
    string Model, string Type, long Parameters, long WeightBytes, int Threads, string Isa, SpeedTestOptions Test,
    IReadOnlyList<Speed> Speeds, double LoadSeconds, double BytesPerToken, long PeakMemory, long PredictedMemory)
{
    private double Prefill => Median(Speeds.Select(speed => speed.Prefill));

    private double Decode => Median(Speeds.Select(speed => speed.Decode));

    private double Bandwidth => Median(Speeds.Select(speed => speed.Bandwidth));

    private double BandwidthShare => Median(Speeds.Select(ShareOf));

    public JsonObject ToJson() => new()
    {
        ["model"] = Model,
        ["type"] = Type,
        ["parameters"] = Parameters,
        ["weight_bytes"] = WeightBytes,
        ["threads"] = Threads,
        ["isa"] = Isa,
        ["cpu"] = Machine.ProcessorName(),
        ["kv_type"] = Test.KvType.ToString(),
        ["prompt_tokens"] = Test.PromptTokens,
        ["generate_tokens"] = Test.GenerateTokens,
        ["prefill_tokens_per_second"] = Prefill,
        ["decode_tokens_per_second"] = Decode,
        ["memory_bandwidth_bytes_per_second"] = Bandwidth,
        ["decode_bandwidth_share"] = BandwidthShare,
        ["load_seconds"] = LoadSeconds,
        ["peak_memory_bytes"] = PeakMemory,
        ["predicted_memory_bytes"] = PredictedMemory,
        ["runs"] = new JsonArray([.. Speeds.Select(speed => new JsonObject
        {
            ["prefill_tokens_per_second"] = speed.Prefill,
            ["decode_tokens_per_second"] = speed.Decode,
            ["memory_bandwidth_bytes_per_second"] = speed.Bandwidth,
            ["decode_bandwidth_share"] = ShareOf(speed),
        })]),
    };

    public void Write(IAnsiConsole console)
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        void Add(string name, string value) => grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));
        Add("Model", $"{Model}, {Type}: {Output.Count(Parameters)} parameters, {Output.Bytes(WeightBytes)}");
        Add("Machine", $"{Machine.ProcessorName()}, {Threads} threads, {Isa}");
        Add("Prefill", $"{Prefill:0.0} tokens/s ({Test.PromptTokens} tokens)");
        Add("Decode", $"{Decode:0.00} tokens/s ({Test.GenerateTokens} tokens after the prompt)");
        Add("Bandwidth", $"{Bandwidth / 1e9:0.0} GB/s measured; decoding uses {100 * BandwidthShare:0} % of it");
        Add("Loading", $"{LoadSeconds:0.00} s");
        Add("Peak memory", $"{Output.Bytes(PeakMemory)}; {Output.Bytes(PredictedMemory)} predicted");
        console.Write(grid);
    }

    private double ShareOf(Speed speed) => BytesPerToken * speed.Decode / speed.Bandwidth;

    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
