using System.CommandLine;
using System.CommandLine.Parsing;
using QwenSharp.Cli.Options;
using QwenSharp.Numerics;
using QwenSharp.Training;

namespace QwenSharp.Cli.Training;

/// <summary>What <c>finetune</c> was asked for.</summary>
/// <param name="Settings">Data and all that does not depend on it.</param>
/// <param name="Pace">How long and how fast; the data completes it.</param>
/// <param name="Lora">The adapters; null where every weight is trained.</param>
/// <param name="Output">The folder of the run.</param>
/// <param name="Recomputes">Whether layers are computed again in the backward pass; null to decide by memory.</param>
/// <param name="Type">The types of a full model's weights; null for those it has.</param>
/// <param name="Threads">Threads that compute; 0 for one a processor.</param>
/// <param name="Json">Whether the end is said in JSON.</param>
internal sealed record FinetuneRequest(
    TrainingSettings Settings,
    FinetunePace Pace,
    LoraOptions? Lora,
    string Output,
    bool? Recomputes,
    string? Type,
    int Threads,
    bool Json);

/// <summary>The options of <c>finetune</c>.</summary>
internal sealed class FinetuneArguments
{
    private readonly Option<string> _output = new("--output")
    {
        Description = "The folder of the run: checkpoint, log, loss curve, result.",
        HelpName = "FOLDER",
        Required = true,
    };
    private readonly Option<string> _method = Values.Choice(
        "--method",
        "What is trained: adapters (over quantised weights that is QLoRA), or every weight.",
        "lora",
        "full");
    private readonly Option<int> _rank = Values.Number("--rank", 1, 1024, "The rank of adapters.", 16);
    private readonly Option<float?> _alpha = Values.Optional<float>(
        "--alpha",
        0,
        float.MaxValue,
        "Adapters are multiplied by alpha / rank; twice the rank where it is not given.");
    private readonly Option<bool> _rsLora = new("--rslora") { Description = "Multiply by alpha / √rank instead." };
    private readonly Option<float> _dropout = Values.Number("--dropout", 0f, 0.99f, "The share of an adapter's input that is dropped.", 0f);
    private readonly Option<string[]> _targets = new("--targets")
    {
        Description =
            "The matrices that adapters update: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj; all where none is given.",
        HelpName = "NAME,NAME",
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<double?> _epochs = Values.Optional<double>(
        "--epochs",
        0.001,
        1e6,
        "Passes over the data; 3 where it is not given, and more where these are fewer than 100 updates.");
    private readonly Option<long?> _steps = Values.Optional<long>("--steps", 1, long.MaxValue, "Updates, in place of epochs.");
    private readonly Option<double?> _rate = Values.Optional<double>(
        "--learning-rate",
        0,
        10,
        "The highest learning rate; by the model's width where it is not given: 4e-4 for adapters of a 0.6B, 1.6e-4 of a 4B, a tenth of "
            + "that for every weight.");
    private readonly Option<string> _decay = Values.Choice("--decay", "How the learning rate falls.", "cosine", "linear", "constant");
    private readonly Option<long?> _warmup = Values.Optional<long>(
        "--warmup-steps",
        0,
        long.MaxValue,
        "Updates in which the learning rate rises; a twentieth of them, at most 100, where it is not given.");
    private readonly Option<double> _weightDecay = Values.Number(
        "--weight-decay",
        0.0,
        10.0,
        "What matrices lose each update, as a share of the learning rate.",
        0.0);
    private readonly Option<int> _sequence = Values.Number(
        "--sequence-length",
        2,
        1 << 20,
        "Tokens of a packed row; longer conversations are cut.",
        1024);
    private readonly Option<int?> _batch = Values.Optional<int>(
        "--batch-tokens",
        1,
        1 << 24,
        "Tokens of an update; 4096 where it is not given, and fewer for small data.");
    private readonly Option<double> _heldOut = Values.Number(
        "--held-out",
        0.0,
        0.9,
        "The share of examples that is kept for evaluation.",
        0.05);
    private readonly Option<string[]> _heldOutData = new("--held-out-data")
    {
        Description = "A file that is kept for evaluation as a whole, in place of a share; may be repeated.",
        HelpName = "FILE",
    };
    private readonly Option<bool> _skip = new("--skip-bad-lines")
    {
        Description = "Leave out lines that cannot be used, and report them; without it the first one ends the run.",
    };
    private readonly Option<float> _promptWeight = Values.Number(
        "--prompt-loss-weight",
        0f,
        1f,
        "How much a prompt's tokens count, where an answer's count 1.",
        0f);
    private readonly Option<long> _evaluate = Values.Number(
        "--evaluate-every",
        0,
        long.MaxValue,
        "Updates between evaluations on what is held out; 0 for one at the end.",
        0L);
    private readonly Option<double> _checkpoint = Values.Number("--checkpoint-minutes", 0.0, 1e6, "Minutes between checkpoints.", 5.0);
    private readonly Option<string> _recompute = Values.Choice(
        "--gradient-checkpointing",
        "Compute layers again in the backward pass, for less memory.",
        "auto",
        "on",
        "off");
    private readonly Option<string> _precision = PrecisionOption.Create();
    private readonly Option<ulong> _seed = Values.Number("--seed", 0ul, ulong.MaxValue, "What everything random is drawn from.", 1ul);
    private readonly Option<string?> _type = new("--type")
    {
        Description =
            $"The types of the model that --method full writes: {ModelWriterArguments.MixNames}; those that it has where none is given.",
        HelpName = "TYPE",
    };
    private readonly Option<int> _threads = Values.Number("--threads", 0, 1024, "Threads that compute; 0 for one a processor.", 0);
    private readonly Option<bool> _json = Values.Json("One JSON object at the end: steps, tokens, losses, files.");

    public void AddTo(Command command)
    {
        Option[] all =
        [
            _output, _method, _rank, _alpha, _rsLora, _dropout, _targets, _epochs, _steps, _rate, _decay, _warmup, _weightDecay, _sequence,
            _batch, _heldOut, _heldOutData, _skip, _promptWeight, _evaluate, _checkpoint, _recompute, _precision, _seed, _type, _threads,
            _json,
        ];
        foreach (Option option in all)
            command.Add(option);

        Values.Check(_output, path => path != "", "may not be empty");
        command.Validators.Add(result =>
        {
            bool full = result.GetValue(_method) == "full";
            Option[] misplaced = full ? [_rank, _alpha, _rsLora, _dropout, _targets] : [_type];
            foreach (Option option in misplaced.Where(option => result.GetResult(option) is { Implicit: false }))
            {
                result.AddError(
                    full
                        ? $"{option.Name} is for adapters; --method full trains every weight."
                        : $"{option.Name} is for --method full; adapters are written as they are.");
            }

            if (IsGiven(result, _heldOut) && IsGiven(result, _heldOutData))
                result.AddError("--held-out and --held-out-data exclude each other.");
            if (IsGiven(result, _epochs) && IsGiven(result, _steps))
                result.AddError("--epochs and --steps exclude each other.");
        });
    }

    public FinetuneRequest Read(ParseResult parsed, IReadOnlyList<string> data)
    {
        bool full = parsed.GetValue(_method) == "full";
        int sequence = parsed.GetValue(_sequence), rank = parsed.GetValue(_rank);
        if (parsed.GetValue(_batch) < sequence)
        {
            throw new UsageException(
                $"--batch-tokens is {parsed.GetValue(_batch)}; it must be at least --sequence-length, {sequence}.");
        }

        if (parsed.GetValue(_alpha) is 0)
            throw new UsageException("--alpha is 0; it must be above 0.");
        if (parsed.GetValue(_rate) is 0)
            throw new UsageException("--learning-rate is 0; it must be above 0.");

        string? type = parsed.GetValue(_type);
        if (type is not null)
            ModelWriterArguments.Mix(type);

        TrainingSettings settings = new()
        {
            Data = data,
            HeldOut = parsed.GetValue(_heldOut),
            HeldOutData = parsed.GetValue(_heldOutData) ?? [],
            SkipBadLines = parsed.GetValue(_skip),
            PromptLossWeight = parsed.GetValue(_promptWeight),
            SequenceLength = sequence,
            Decay = Enum.Parse<LearningRateDecay>(parsed.GetValue(_decay)!, ignoreCase: true),
            WeightDecay = parsed.GetValue(_weightDecay),
            Beta2 = 0.999,
            EvaluationInterval = parsed.GetValue(_evaluate),
            CheckpointMinutes = parsed.GetValue(_checkpoint),
            Seed = parsed.GetValue(_seed),
            Precision = PrecisionOption.Read(parsed, _precision),
        };
        LoraOptions? lora = full
            ? null
            : new LoraOptions
            {
                Rank = rank,
                Alpha = parsed.GetValue(_alpha) ?? 2 * rank,
                IsRankStabilized = parsed.GetValue(_rsLora),
                Dropout = parsed.GetValue(_dropout),
                Targets = Targets(parsed.GetValue(_targets)),
            };
        bool? recomputes = parsed.GetValue(_recompute) switch
        {
            "on" => true,
            "off" => false,
            _ => null,
        };
        FinetunePace pace = new(
            parsed.GetValue(_epochs),
            parsed.GetValue(_steps),
            parsed.GetValue(_batch),
            parsed.GetValue(_warmup),
            parsed.GetValue(_rate));
        return new FinetuneRequest(
            settings,
            pace,
            lora,
            parsed.GetValue(_output)!,
            recomputes,
            type,
            parsed.GetValue(_threads),
            parsed.GetValue(_json));
    }

    private static IReadOnlyList<BlockMatrix> Targets(string[]? names)
    {
        try
        {
            BlockMatrix[] targets =
            [
                .. (names ?? [])
                    .SelectMany(name => name.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                    .Select(LoraOptions.ParseTarget)
                    .Distinct(),
            ];
            return targets.Length > 0 ? targets
                : names is null or [] ? new LoraOptions().Targets
                : throw new UsageException("--targets is empty; it names matrices, such as q_proj,v_proj.");
        }
        catch (ArgumentException unknown)
        {
            throw new UsageException(CommandTree.Said(unknown));
        }
    }

    private static bool IsGiven(CommandResult result, Option option) => result.GetResult(option) is { Implicit: false };
}
