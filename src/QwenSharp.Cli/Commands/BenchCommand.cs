using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Bench;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Inspect;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp bench</c>: how fast a model runs on this machine.</summary>
internal static class BenchCommand
{
    private const string Examples = """
        qwensharp bench qwen3-4b-q4_k_m.gguf --prompt-tokens 512 --generate-tokens 64 --threads 2
        qwensharp bench --shape qwen3-4b --type q4_k_m   # random weights of that shape: no download
        qwensharp bench --list-shapes
        qwensharp bench --shape qwen3-0.6b --json
        qwensharp bench --shape qwen3-0.6b --train          # training: every weight, LoRA and QLoRA, and what memory each takes
        qwensharp bench qwen3-4b-q4_k_m.gguf --train qlora --sequence-length 1024
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string?> model = ShapeArguments.Model("A GGUF file or a Hugging Face folder.");
        ShapeArguments random = new("A published shape, filled with random weights.");
        (Option<string?> shape, Option<string> type) = (random.Shape, random.Type);
        Option<string?> save = new("--save")
        {
            Description =
                "Write the random weights of --shape to this GGUF file and measure that, so that another engine can be "
                    + "measured on the same.",
            HelpName = "FILE",
        };
        Option<int> prompt = Values.Number("--prompt-tokens", 1, 1 << 24, "Tokens of the prompt.", 512);
        Option<int> generate = Values.Number("--generate-tokens", 1, 1 << 24, "Tokens to decode after it.", 64);
        Option<int> runs = Values.Number("--runs", 1, 1 << 24, "Measured runs after one that warms up; the median counts.", 3);
        Option<bool> list = new("--list-shapes") { Description = "List the shapes that --shape knows." };
        Option<bool> json = Values.Json("One JSON object with the figures and what they were measured on.");
        ModelOptions modelOptions = new(context: false);
        DocumentedCommand command = new(
            "bench",
            "Measures prefill and decode against the machine's memory bandwidth, or with --train training against its F32 peak.",
            Examples)
        {
            model,
            shape,
            type,
            save,
            prompt,
            generate,
            runs,
            list,
            json,
        };
        modelOptions.AddTo(command);
        TrainingBench training = new();
        training.AddTo(command);
        command.Validators.Add(result =>
        {
            if (!result.GetValue(list))
            {
                random.Check(result, model);
                training.Check(result, type, shape.Name, json.Name, "--threads");
            }

            if (
                result.GetValue(list)
                && (
                    result.GetValue(model) is not null
                    || result.Children.OfType<OptionResult>().Any(given => !given.Implicit && given.Option != list && given.Option != json))
            )
            {
                result.AddError("--list-shapes goes with --json alone.");
            }

            if (result.GetValue(save) is not null && result.GetValue(shape) is null)
                result.AddError("--save keeps the random weights of --shape.");
        });
        command.SetAction(
            async (parsed, stop) =>
            {
                if (parsed.GetValue(list))
                {
                    ListShapes(terminal, parsed.GetValue(json));
                    return ExitCode.Ok;
                }

                QwenModelOptions machine = modelOptions.Read(parsed);
                int threads = machine.Threads == 0 ? Environment.ProcessorCount : machine.Threads;
                string? path = parsed.GetValue(model) is { } given ? LocalModel.Of(given).Path : null;
                if (training.IsAsked(parsed.CommandResult))
                {
                    string? givenType = parsed.GetResult(type) is { Implicit: false } ? parsed.GetValue(type) : null;
                    await training
                        .RunAsync(parsed, path, parsed.GetValue(shape), givenType, threads, parsed.GetValue(json), terminal, stop)
                        .ConfigureAwait(false);
                    return ExitCode.Ok;
                }

                SpeedTestOptions test = new(
                    parsed.GetValue(prompt),
                    parsed.GetValue(generate),
                    parsed.GetValue(runs),
                    threads,
                    machine.KvType);
                using ProgressLine line = new(terminal);
                if (parsed.GetValue(save) is { } file)
                {
                    line.Show($"writing {file}");
                    (ModelConfig config, WeightMix mix) = ShapeArguments.Find(parsed.GetValue(shape)!, parsed.GetValue(type)!);
                    RandomWeights.Save(path = file, config, mix);
                }

                BenchReport report = path is not null
                    ? OfFile(path, test, line, stop)
                    : OfShape(parsed.GetValue(shape)!, parsed.GetValue(type)!, test, line, stop);
                line.Clear();
                if (parsed.GetValue(json))
                    terminal.Out.WriteLine(report.ToJson().ToJsonString(Output.JsonIndented));
                else
                    report.Write(terminal.Rich());

                return ExitCode.Ok;
            });
        return command;
    }

    private static BenchReport OfFile(string path, SpeedTestOptions test, ProgressLine line, CancellationToken stop)
    {
        line.Show($"loading {path}");
        long start = Stopwatch.GetTimestamp();
        using Checkpoint file = ModelFiles.Open(path);
        LanguageModel model = LanguageModel.Load(file);
        TimeSpan load = Stopwatch.GetElapsedTime(start);
        string types = string.Join(
            " + ",
            CheckpointSummary
                .Of(file)
                .Types.Where(type => type.Type != TensorType.F32 || type.Bytes > file.ByteLength / 2)
                .Select(type => type.Type));
        return Measure(Path.GetFileName(path), types, model, file.Tensors, load, test, line, stop);
    }

    private static BenchReport OfShape(string shape, string type, SpeedTestOptions test, ProgressLine line, CancellationToken stop)
    {
        line.Show($"making random weights of {shape}");
        (ModelConfig config, WeightMix mix) = ShapeArguments.Find(shape, type);
        long start = Stopwatch.GetTimestamp();
        LanguageModel model = RandomWeights.CreateModel(config, mix);
        return Measure(shape, mix.Name, model, DescribedWeights.Of(config, mix), Stopwatch.GetElapsedTime(start), test, line, stop);
    }

    private static BenchReport Measure(
        string name,
        string type,
        LanguageModel model,
        IReadOnlyCollection<Tensor> tensors,
        TimeSpan load,
        SpeedTestOptions test,
        ProgressLine line,
        CancellationToken stop)
    {
        if ((long)test.PromptTokens + test.GenerateTokens > model.Config.ContextLength)
        {
            throw new UsageException(
                $"--prompt-tokens and --generate-tokens are {(long)test.PromptTokens + test.GenerateTokens} together; the model's context "
                    + $"is {model.Config.ContextLength}."
            );
        }

        SpeedTest speed = new(model, test);
        List<Speed> speeds = speed.Measure(line.Show, stop);
        MemoryNeed memory = MemoryNeed.OfEvaluator(model.Config, tensors, test.PromptTokens + test.GenerateTokens, test.KvType);
        using CpuCompute compute = new(threads: 1);
        return new BenchReport(
            name, type, model.ParameterCount, model.WeightBytes, test.Threads, compute.Isa.ToString(), test, speeds,
            load.TotalSeconds, speed.BytesReadPerToken(), speed.PeakMemory, memory.TotalBytes);
    }

    private static void ListShapes(Terminal terminal, bool json)
    {
        if (json)
            terminal.Out.WriteLine(new JsonArray([.. ModelShapes.All.Keys.Select(name => (JsonNode)name)]).ToJsonString());
        else
            terminal.Out.WriteLine(string.Join(Environment.NewLine, ModelShapes.All.Keys));
    }
}
