using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using QwenSharp.Cli.Commands;
using Spectre.Console;

namespace QwenSharp.Cli.Bench;

/// <summary>A step of training.</summary>
/// <param name="TokensPerSecond">Tokens of the step a second.</param>
/// <param name="Processors">How many processors the step had, on average: fewer than threads where other programs had them, or where work
/// was for one thread.</param>
/// <param name="PeakOperationsPerSecond">Operations a second that the same threads reached in registers, or in BF16 in the first-level
/// cache, right before and after the step, on average.</param>
internal sealed record TrainingSpeed(double TokensPerSecond, double Processors, double PeakOperationsPerSecond);

/// <summary>What <c>bench --train</c> found for one method.</summary>
internal sealed record TrainingReport
{
    /// <summary>File or shape.</summary>
    public required string Model { get; init; }

    /// <summary>full, lora or qlora.</summary>
    public required string Method { get; init; }

    /// <summary>The types of the weights that products read.</summary>
    public required string Type { get; init; }

    public required long Parameters { get; init; }
    public required long TrainedParameters { get; init; }

    /// <summary>Bytes of weights beside those that are trained.</summary>
    public required long WeightBytes { get; init; }

    public required int SequenceLength { get; init; }
    public required int? Rank { get; init; }

    /// <summary>Whether layers are computed again in the backward pass.</summary>
    public required bool Recomputes { get; init; }

    public required int Threads { get; init; }
    public required string Isa { get; init; }
    public required string Cpu { get; init; }

    /// <summary>What matrix products multiply.</summary>
    public required string Precision { get; init; }

    public required double OperationsPerToken { get; init; }

    /// <summary>Of these, the ones that save memory.</summary>
    public required double RepeatedOperationsPerToken { get; init; }

    public required long PredictedMemoryBytes { get; init; }
    public required long MachineMemoryBytes { get; init; }

    /// <summary>The most memory that the process held; null where nothing was measured.</summary>
    public long? PeakMemoryBytes { get; init; }

    /// <summary>Each measured step.</summary>
    public IReadOnlyList<TrainingSpeed> Runs { get; init; } = [];

    /// <summary>Whether the machine has the memory.</summary>
    public bool Fits => PredictedMemoryBytes <= MachineMemoryBytes;

    public double? TokensPerSecond => Median(run => run.TokensPerSecond);

    public double? Processors => Median(run => run.Processors);

    public double? PeakOperationsPerSecond => Median(run => run.PeakOperationsPerSecond);

    /// <summary>Tokens a second if nothing but the operations took time.</summary>
    public double? BoundTokensPerSecond => PeakOperationsPerSecond / OperationsPerToken;

    /// <summary>The share of the bound, run by run.</summary>
    public double? BoundShare => Median(run => run.TokensPerSecond * OperationsPerToken / run.PeakOperationsPerSecond);

    public static TrainingReport FromJson(string json) => JsonSerializer.Deserialize(json, TrainingReportJson.Default.TrainingReport)!;

    public string ToJson() => JsonSerializer.Serialize(this, TrainingReportJson.Default.TrainingReport);

    public static string ToJson(IReadOnlyList<TrainingReport> reports) =>
        JsonSerializer.Serialize(reports, TrainingReportJson.Default.IReadOnlyListTrainingReport);

    /// <summary>The method in words.</summary>
    public string Text() => Method switch
    {
        TrainedBase.Full => "full",
        TrainedBase.Lora => $"LoRA {Rank} over {Type}",
        _ => $"QLoRA {Rank} over {Type}",
    };

    /// <summary>Reports of one model as a table, a row a method.</summary>
    public static void Write(IReadOnlyList<TrainingReport> reports, IAnsiConsole console)
    {
        TrainingReport first = reports[0];
        Grid head = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        void Add(string name, string value) => head.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));
        Add("Model", $"{first.Model}: {Output.Count(first.Parameters)} parameters");
        Add("Machine", $"{first.Cpu}, {first.Threads} threads, {first.Isa}, {Output.Bytes(first.MachineMemoryBytes)} of memory");
        Add("A step", $"{first.SequenceLength} tokens: forward, backward, update");
        console.Write(head);

        Table table = new Table().Border(TableBorder.Simple).AddColumn("Method");
        foreach (
            string name in (string[])
                ["Tokens/s", "Bound", "Share", "Processors", $"{first.Precision} peak", "Operations/token", "Memory", "Predicted"])
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        foreach (TrainingReport report in reports)
            table.AddRow([.. report.Cells().Select(cell => new Text(cell))]);

        console.Write(table);
    }

    private string[] Cells() =>
    [
        Text(),
        TokensPerSecond is { } speed ? Say($"{speed:0.0}") : "does not fit",
        BoundTokensPerSecond is { } bound ? Say($"{bound:0.0}") : "",
        BoundShare is { } share ? Say($"{100 * share:0} %") : "",
        Processors is { } processors ? Say($"{processors:0.0}") : "",
        PeakOperationsPerSecond is { } peak ? Say($"{peak / 1e9:0} G/s") : "",
        Say($"{OperationsPerToken / 1e9:0.00} G") + (Recomputes ? Say($", {RepeatedOperationsPerToken / 1e9:0.00} again") : ""),
        PeakMemoryBytes is { } memory ? Output.Bytes(memory) : "",
        Output.Bytes(PredictedMemoryBytes),
    ];

    private double? Median(Func<TrainingSpeed, double> figure) => Runs.Count == 0 ? null : BenchReport.Median(Runs.Select(figure));

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

[JsonSerializable(typeof(TrainingReport))]
[JsonSerializable(typeof(IReadOnlyList<TrainingReport>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
internal sealed partial class TrainingReportJson : JsonSerializerContext;
