using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Cli.Training;

namespace QwenSharp.Cli.Bench;

/// <summary>
/// <c>bench --train</c>: its options, and the methods that it measures, each in a process of its own, so that its peak of memory is its
/// own.
/// </summary>
internal sealed class TrainingBench
{
    private readonly Option<string?> _train = new("--train")
    {
        Description =
            "Measure training in place of inference: every weight, adapters over BF16 or over Q4_K_M weights (or those of --type), or all "
                + "three.",
        HelpName = string.Join('|', TrainedBase.Methods),
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<int> _length = Values.Number("--sequence-length", 1, 1 << 20, "With --train: tokens of a step.", 1024);
    private readonly Option<int> _rank = Values.Number("--rank", 1, 1024, "With --train: the rank of adapters.", 16);
    private readonly Option<int> _steps = Values.Number(
        "--steps",
        1,
        1 << 20,
        "With --train: measured steps after a short one that warms up; the median counts.",
        2);

    private readonly Option<string> _precision = PrecisionOption.Create(
        "With --train: what matrix products multiply; bf16 where the processor has it (AVX512_BF16).");

    public TrainingBench() => Values.OneOf(_train, TrainedBase.Methods);

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_train, _length, _rank, _steps, _precision])
            command.Add(option);
    }

    /// <summary>Whether training is to be measured.</summary>
    public bool IsAsked(SymbolResult result) => result.GetResult(_train) is { Implicit: false };

    /// <summary>Refuses options that do not go together.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="type">--type, which goes with adapters.</param>
    /// <param name="shared">The other options that go with --train.</param>
    public void Check(CommandResult result, Option type, params string[] shared)
    {
        Option[] own = [_length, _rank, _steps, _precision];
        Option[] given = [.. result.Children.OfType<OptionResult>().Where(option => !option.Implicit).Select(option => option.Option)];
        if (!IsAsked(result))
        {
            foreach (Option option in given.Intersect(own))
                result.AddError($"{option.Name} goes with --train.");
            return;
        }

        foreach (Option option in given.Except([.. own, _train, type]).Where(option => !shared.Contains(option.Name)))
            result.AddError($"{option.Name} does not go with --train.");

        // Of a word that is no method, the parser complains itself.
        string? method = result.GetResult(_train)!.Tokens.LastOrDefault()?.Value;
        if (given.Contains(type) && method is null or TrainedBase.Full)
        {
            result.AddError(
                method is null
                    ? "--type goes with --train lora or --train qlora."
                    : "--type is for frozen weights; --train full trains them all, in F32.");
        }

        if (given.Contains(_rank) && method == TrainedBase.Full)
            result.AddError("--rank is for adapters; --train full has none.");
    }

    /// <summary>Measures.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="path">A file's model; null for <paramref name="shape"/>.</param>
    /// <param name="shape">A published shape.</param>
    /// <param name="type">The type of the shape's frozen weights, where it is given.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="json">Whether the figures are written as JSON: an object, or an array of one a method.</param>
    /// <param name="terminal">Where to.</param>
    /// <param name="stop">Ends the measurement behind the current step.</param>
    public async Task RunAsync(
        ParseResult parsed,
        string? path,
        string? shape,
        string? type,
        int threads,
        bool json,
        Terminal terminal,
        CancellationToken stop)
    {
        TrainingTestOptions options = new(
            parsed.GetValue(_length),
            parsed.GetValue(_rank),
            parsed.GetValue(_steps),
            threads,
            PrecisionOption.Read(parsed, _precision));
        TrainingRun.RequirePrecision(options.Precision);
        string? method = parsed.GetValue(_train);
        if (method is not null)
        {
            using TrainedBase trained = Open(method);
            TrainingReport report = new TrainingTest(trained, options).Measure(stop);
            if (json)
                terminal.Out.WriteLine(report.ToJson());
            else
                TrainingReport.Write([report], terminal.Rich());
            return;
        }

        List<TrainingReport> reports = [];
        foreach (string each in MethodsOf(path))
        {
            using TrainedBase trained = Open(each);
            TrainingReport report = new TrainingTest(trained, options).Predict();
            using ProgressLine line = new(terminal);
            line.Show($"measuring {report.Text()} …");
            reports.Add(
                report.Fits ? TrainingReport.FromJson(await OwnProcess.RunAsync(Arguments(each), stop).ConfigureAwait(false)) : report);
        }

        if (json)
            terminal.Out.WriteLine(TrainingReport.ToJson(reports));
        else
            TrainingReport.Write(reports, terminal.Rich());

        TrainedBase Open(string method) => path is not null ? TrainedBase.OfFile(path, method) : TrainedBase.OfShape(shape!, method, type);

        IEnumerable<string> Arguments(string method)
        {
            static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
            string[] model = path is not null ? [path] : ["--shape", shape!],
                rank = method == TrainedBase.Full ? [] : ["--rank", Number(options.Rank)];
            return
            [
                "bench",
                .. model,
                "--train",
                method,
                .. rank,
                "--sequence-length",
                Number(options.SequenceLength),
                "--steps",
                Number(options.Steps),
                "--threads",
                Number(options.Threads),
                "--precision",
                parsed.GetValue(_precision)!,
                "--json",
            ];
        }
    }

    // A file's weights are quantised or not; a shape's may be either.
    private static string[] MethodsOf(string? path)
    {
        if (path is null)
            return TrainedBase.Methods;

        using TrainedBase adapted = TrainedBase.OfFile(path, method: null);
        return [TrainedBase.Full, adapted.Method];
    }
}
