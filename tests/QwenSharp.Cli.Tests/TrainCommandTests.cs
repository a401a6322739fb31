using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Numerics;

namespace QwenSharp.Cli.Tests;

/// <summary>A model from scratch, taught otherwise by an adapter; and what cannot be trained.</summary>
public sealed class TrainCommandTests : IDisposable
{
    private const string Question = "Is 7 a number?";

    private readonly TinyTraining _training = new();

    public void Dispose() => _training.Dispose();

    [Fact]
    public async Task A_model_from_scratch_learns_its_answer_and_an_adapter_teaches_it_another()
    {
        Invocation train = await Invocation.RunAsync("train", _training.WriteConfig("base"));
        string model = Path.Combine(_training["base"], "model.gguf");
        Assert.Equal(0, train.Code);
        Assert.Equal("yes", await Answer(model));

        string data = _training.WriteData("no.jsonl", "no");
        Invocation finetune = await Invocation.RunAsync([
            "finetune",
            model,
            data,
            "--output",
            _training["lora"],
            "--rank", "8", "--steps", "150", "--sequence-length", "64", "--batch-tokens", "256", "--learning-rate", "0.01", "--held-out",
            "0.2", "--evaluate-every", "50", "--json",
        ]);
        string adapter = Path.Combine(_training["lora"], "adapter");
        Assert.Equal(0, finetune.Code);
        JsonElement[] steps =
        [
            .. File.ReadLines(Path.Combine(_training["lora"], "log.jsonl")).Select(line => JsonSerializer.Deserialize<JsonElement>(line)),
        ];
        double[] heldOut =
        [
            .. steps
                .Where(step => step.TryGetProperty("held_out_loss", out _))
                .Select(step => step.GetProperty("held_out_loss").GetDouble()),
        ];
        Assert.Equal(3, heldOut.Length);
        Assert.InRange(heldOut[^1], 0, 0.8 * Before(finetune));
        Assert.Equal(
            heldOut[^1],
            JsonSerializer.Deserialize<JsonElement>(finetune.Out.TrimEnd().Split('\n')[^1]).GetProperty("held_out_loss").GetDouble());
        Assert.Equal(
            ("yes", "no", "no"),
            (await Answer(model), await Answer(model, "--adapter", adapter), await Answer(model, "--adapter", adapter + ".gguf")));

        Invocation merge = await Invocation.RunAsync("merge", model, adapter, "--output", _training["merged.gguf"]);
        Assert.Equal(0, merge.Code);
        Assert.Equal("no", await Answer(_training["merged.gguf"]));
        float[] beside = await Logits(model, "--adapter", adapter), merged = await Logits(_training["merged.gguf"]);
        Assert.All(beside.Zip(merged), pair => Assert.InRange(pair.First - pair.Second, -1e-3f, 1e-3f));
    }

    [Theory]
    [InlineData("q8_0", "lora")]
    [InlineData("q8_0", "full")]
    [InlineData("f32", "full")]
    public async Task Quantised_or_not_a_model_is_taught(string type, string method)
    {
        await Invocation.RunAsync("train", _training.WriteConfig("base", config => config["type"] = type));
        string model = Path.Combine(_training["base"], "model.gguf"), data = _training.WriteData("no.jsonl", "no");
        Invocation finetune = await Invocation.RunAsync([
            "finetune",
            model,
            data,
            "--output",
            _training["taught"],
            "--method", method, "--steps", "50", "--sequence-length", "64", "--batch-tokens", "256", "--learning-rate", "0.02",
            "--held-out", "0",
        ]);
        Assert.Equal((0, "yes"), (finetune.Code, await Answer(model)));
        Assert.Equal(
            "no",
            method == "full"
                ? await Answer(Path.Combine(_training["taught"], "model.gguf"))
                : await Answer(model, "--adapter", Path.Combine(_training["taught"], "adapter")));
    }

    [Fact]
    public async Task A_run_goes_on_from_another_model_with_its_tokenizer()
    {
        await Invocation.RunAsync("train", _training.WriteConfig("first"));
        _training.WriteData("no.jsonl", "no");
        string config = _training.WriteConfig(
            "second",
            config =>
                (config["start_from"], config["tokenizer"], config["training"]!["data"], config["training"]!["steps"]) = (
                    "first/model.gguf",
                    new JsonObject(),
                    new JsonArray("no.jsonl"),
                    30));
        Invocation train = await Invocation.RunAsync("train", config);

        Assert.Equal(0, train.Code);
        Assert.DoesNotContain("learning a tokenizer", train.Error);
        Assert.Equal(
            File.ReadAllText(Path.Combine(_training["first"], "tokenizer.json")),
            File.ReadAllText(Path.Combine(_training["second"], "tokenizer.json")));
        Assert.Equal("no", await Answer(Path.Combine(_training["second"], "model.gguf")));

        // Without a step's worth of learning the weights are those of the first run.
        Invocation still = await Invocation.RunAsync(
            "train",
            _training.WriteConfig(
                "third",
                config =>
                    (config["start_from"], config["tokenizer"], config["training"]!["steps"], config["training"]!["learning_rate"]) = (
                        "first/model.gguf",
                        new JsonObject(),
                        1,
                        1e-30)));
        Assert.Equal(0, still.Code);
        Assert.Equal(
            await Logits(Path.Combine(_training["first"], "model.gguf")),
            await Logits(Path.Combine(_training["third"], "model.gguf")));
    }

    [Theory]
    [InlineData("model.layers is 3, and start_from has 2", "model.layers", "3")]
    [InlineData("model.rope_theta is 500, and start_from has 10000", "model.rope_theta", "500")]
    [InlineData(
        "tokenizer.vocabulary is for a tokenizer that is learnt, and start_from takes one that is there",
        "tokenizer",
        "{ \"vocabulary\": 320 }")]
    [InlineData(
        "tokenizer.pattern is for a tokenizer that is learnt, and tokenizer.from takes one that is there",
        "tokenizer",
        "{ \"from\": \"first/model.gguf\", \"pattern\": \"qwen2\" }")]
    [InlineData(
        "tokenizer.data is for a tokenizer that is learnt",
        "tokenizer",
        "{ \"from\": \"first/model.gguf\", \"data\": [\"yes.jsonl\"] }")]
    [InlineData("start_from is empty", "start_from", "\"\"")]
    [InlineData("absent.gguf", "start_from", "\"absent.gguf\"")]
    public async Task A_start_that_does_not_fit_is_refused(string said, string key, string value)
    {
        await Invocation.RunAsync("train", _training.WriteConfig("first", config => config["training"]!["steps"] = 1));
        string config = _training.WriteConfig("second", config =>
        {
            (config["start_from"], config["tokenizer"]) = ("first/model.gguf", new JsonObject());
            string[] path = key.Split('.');
            (path.Length == 1 ? config : config[path[0]]!.AsObject())[path[^1]] = JsonNode.Parse(value);
        });
        (await Invocation.RunAsync("train", config)).AssertFails(ExitCode.Failure, said);
    }

    [Fact]
    public async Task A_type_that_rows_do_not_fit_is_said_to_be_replaced()
    {
        Invocation train = await Invocation.RunAsync(
            "train",
            _training.WriteConfig("base", config => (config["type"], config["training"]!["steps"]) = ("q4_k_m", 1)));

        Assert.Equal(0, train.Code);
        Assert.Contains("instead: rows that do not fill blocks of 256 cannot be Q4_K.", train.Error);
    }

    [Theory]
    [InlineData("it is not JSON", "{\"name\": ")]
    [InlineData("line 2, column 3", "{\n  x}")]
    [InlineData("it must be an object", "[]")]
    [InlineData("'null'", "null")]
    [InlineData("it lacks 'name'", "{}")]
    public async Task A_file_that_is_no_configuration_is_one_line(string said, string text)
    {
        File.WriteAllText(_training["bad.json"], text);
        (await Invocation.RunAsync("train", _training["bad.json"])).AssertFails(ExitCode.Failure, said);
    }

    [Theory]
    [InlineData("'foo' is no key", "foo", "1")]
    [InlineData("'training.foo' is no key", "training.foo", "1")]
    [InlineData("'training.steps' must be a whole number", "training.steps", "\"many\"")]
    [InlineData("'training.optimizer' must be one of adamw, muon", "training.optimizer", "\"sgd\"")]
    [InlineData("'training.optimizer' must be one of adamw, muon", "training.optimizer", "1")]
    [InlineData("'training.precision' must be one of f32, bf16", "training.precision", "\"f64\"")]
    [InlineData("'tokenizer.pattern' must be one of qwen2, qwen35", "tokenizer.pattern", "\"gpt2\"")]
    [InlineData("'training.data' cannot be null", "training.data", "null")]
    [InlineData("training.data is empty", "training.data", "[]")]
    [InlineData("no file", "training.data", "[\"absent.jsonl\"]")]
    [InlineData(".jsonl (a conversation or a text a line)", "training.data", "[\"template.jinja\"]")]
    [InlineData("3 KV heads", "model.kv_heads", "3")]
    [InlineData("even number", "model.head_length", "7")]
    [InlineData("model.layers is -1; it must be 1 to 1024", "model.layers", "-1")]
    [InlineData("model.width is 16777216; it must be 1 to 262144", "model.width", "16777216")]
    [InlineData("'model.layers' must be a whole number", "model.layers", "\"2\"")]
    [InlineData("'name' must be text", "name", "5")]
    [InlineData("'model' must be an object", "model", "[]")]
    [InlineData("'metadata' must be an object", "metadata", "[]")]
    [InlineData("'tokenizer' cannot be null", "tokenizer", "null")]
    [InlineData("data' cannot be null", "tokenizer.data", "null")]
    [InlineData("tokenizer.data is a list with a name that is empty", "tokenizer.data", "[\"\"]")]
    [InlineData("no file", "tokenizer.data", "[\"absent.jsonl\"]")]
    [InlineData("held_out_data' cannot be null", "training.held_out_data", "null")]
    [InlineData("metadata, at 'general.name': The key 'general.name' is there already", "metadata", "{ \"general.name\": \"x\" }")]
    [InlineData(
        "metadata, at 'general.sampling.temp': it is -5; it must be at least 0",
        "metadata",
        "{ \"general.sampling.temp\": -5 }")]
    [InlineData("metadata, at 'a': a text, a number, true or false is expected, not 1e300", "metadata", "{ \"a\": 1e300 }")]
    [InlineData("template is empty", "template", "\"\"")]
    [InlineData("is a folder; a file is expected", "template", "\".\"")]
    [InlineData("of memory", "model.feed_forward_width", "1048576", "model.layers", "1024", "model.width", "262144")]
    [InlineData("'llama' cannot be trained", "model.architecture", "\"llama\"")]
    [InlineData("model.context_length 32", "model.context_length", "32")]
    [InlineData("'f17'", "type", "\"f17\"")]
    [InlineData("A vocabulary of 10", "tokenizer.vocabulary", "10")]
    [InlineData("no chat template", "template", "null")]
    [InlineData("batch_tokens is 50", "training.batch_tokens", "50")]
    [InlineData("micro_batch_tokens is 0", "training.micro_batch_tokens", "0")]
    [InlineData("sequence_length is 1", "training.sequence_length", "1")]
    [InlineData("training.bpe_dropout is 1", "training.bpe_dropout", "1")]
    [InlineData("training.epochs is 0", "training.epochs", "0")]
    [InlineData("training.learning_rate is -1", "training.learning_rate", "-1")]
    [InlineData("training.checkpoint_minutes is -1", "training.checkpoint_minutes", "-1")]
    [InlineData("training.evaluation_interval is -1", "training.evaluation_interval", "-1")]
    [InlineData("output is empty", "output", "\"\"")]
    [InlineData("lower learning rate", "training.learning_rate", "1e30")]
    public async Task What_cannot_be_trained_is_said_and_leaves_no_model(string said, params string[] changes)
    {
        string config = _training.WriteConfig("run", config =>
        {
            for (int i = 0; i < changes.Length; i += 2)
            {
                string[] path = changes[i].Split('.');
                JsonObject target = path.Length == 1 ? config : config[path[0]]!.AsObject();
                target[path[^1]] = JsonNode.Parse(changes[i + 1]);
            }
        });
        Invocation train = await Invocation.RunAsync("train", config);

        Assert.Equal(ExitCode.Failure, train.Code);
        Assert.Contains(
            said,
            Assert.Single(train.Error.TrimEnd().Split('\n'), line => line.StartsWith("qwensharp: ", StringComparison.Ordinal)));
        Assert.DoesNotContain("QwenSharp.", train.Error);
        Assert.False(File.Exists(Path.Combine(_training["run"], "model.gguf")));
        Assert.False(File.Exists(Path.Combine(_training["run"], "running")));
    }

    [Fact]
    public async Task A_run_of_other_settings_data_or_model_is_refused_with_what_has_changed()
    {
        string config = _training.WriteConfig("run");
        Assert.Equal(0, (await Invocation.RunAsync("train", config)).Code);
        string model = Path.Combine(_training["run"], "model.gguf");
        string[] finetune =
        [
            "finetune",
            model,
            _training["yes.jsonl"],
            "--output",
            _training["lora"],
            "--steps",
            "1",
            "--sequence-length",
            "64",
        ];
        Assert.Equal(0, (await Invocation.RunAsync(finetune)).Code);

        AssertRefused(
            await Invocation.RunAsync("train", _training.WriteConfig("run", changed => changed["training"]!["learning_rate"] = 0.02)),
            "'training.learning_rate' was 0.01, and is 0.02");
        AssertRefused(await Invocation.RunAsync([.. finetune, "--rank", "4"]), "'lora.rank' was 16, and is 4");
        AssertRefused(
            await Invocation.RunAsync([.. finetune, "--method", "full", "--learning-rate", "2e-4"]),
            "'method' was \"lora\", and is \"full\"");

        // As many tokens, and one of them another.
        string[] lines = File.ReadAllLines(_training["yes.jsonl"]);
        File.WriteAllLines(_training["yes.jsonl"], [.. lines[..^1], lines[^1].Replace("60", "61", StringComparison.Ordinal)]);
        AssertRefused(await Invocation.RunAsync("train", _training.WriteConfig("run")), "'data: ");
        File.WriteAllLines(_training["yes.jsonl"], lines);

        Assert.Equal(
            0,
            (await Invocation.RunAsync("train", _training.WriteConfig("other", changed => changed["training"]!["seed"] = 2))).Code);
        File.Copy(Path.Combine(_training["other"], "model.gguf"), model, overwrite: true);
        AssertRefused(await Invocation.RunAsync(finetune), "'model_hash'");

        string checkpoint = Path.Combine(_training["run"], "checkpoint.safetensors");
        File.WriteAllBytes(checkpoint, File.ReadAllBytes(checkpoint)[..^10]);
        AssertRefused(await Invocation.RunAsync("train", config), "remove this file");
    }

    [Fact]
    public async Task A_tokenizer_may_be_learnt_from_other_files_than_the_model_and_a_run_goes_on_without_a_look_at_their_names()
    {
        _training.WriteData("maybe.jsonl", "supercalifragilistic");
        void Change(JsonObject config) =>
            (config["tokenizer"]!["data"], config["tokenizer"]!["vocabulary"], config["training"]!["steps"]) = (
                new JsonArray("maybe.jsonl"),
                400,
                2);
        Assert.Equal(0, (await Invocation.RunAsync("train", _training.WriteConfig("run", Change))).Code);

        string tokenizer = Path.Combine(_training["run"], "tokenizer.json");
        Assert.Single((await Invocation.RunAsync("tokenize", tokenizer, "supercalifragilistic")).Out.Trim().Split(' '));
        Assert.NotEqual(1, (await Invocation.RunAsync("tokenize", tokenizer, "yes")).Out.Trim().Split(' ').Length);

        File.Move(_training["maybe.jsonl"], _training["moved.jsonl"]);
        string moved = _training.WriteConfig("run", config =>
        {
            Change(config);
            config["tokenizer"]!["data"] = new JsonArray("moved.jsonl");
        });
        Assert.Equal(0, (await Invocation.RunAsync("train", moved)).Code);
    }

    [Fact]
    public async Task Products_of_BF16_teach_as_those_of_F32_do_or_are_refused_where_the_processor_has_none()
    {
        Invocation train = await Invocation.RunAsync(
            "train",
            _training.WriteConfig("run", config => config["training"]!["precision"] = "BF16"));
        if (
            !TrainingPrecisions.IsAvailable(
                TrainingPrecision.BF16,
                InstructionSets.Select(Environment.GetEnvironmentVariable(InstructionSets.Variable))))
        {
            train.AssertFails(ExitCode.Failure, "no matrix products of BF16");
            return;
        }

        string model = Path.Combine(_training["run"], "model.gguf"), data = _training["yes.jsonl"];
        Assert.Equal(0, train.Code);
        Assert.Contains("products of BF16", train.Error);
        Assert.Equal("yes", await Answer(model));
        Assert.Equal(0, (await Invocation.RunAsync("train", _training.WriteConfig("f32"))).Code);
        double[] losses =
        [
            .. ((string[])["run", "f32"]).Select(run =>
                JsonSerializer
                    .Deserialize<JsonElement>(File.ReadLines(Path.Combine(_training[run], "log.jsonl")).Last())
                    .GetProperty("held_out_loss")
                    .GetDouble()),
        ];
        Assert.NotEqual(losses[0], losses[1]);
        Assert.InRange(losses[0] / losses[1], 0.8, 1.25);

        Invocation other = await Invocation.RunAsync("train", _training.WriteConfig("run"));
        Assert.Equal(ExitCode.Failure, other.Code);
        Assert.Contains("training.precision", other.Error);
        other = await Invocation.RunAsync("train", _training.WriteConfig("f32", config => config["training"]!["precision"] = "BF16"));
        Assert.Equal(ExitCode.Failure, other.Code);
        Assert.Contains("'training.precision' was not set", other.Error);
        string[] finetune =
        [
            "finetune",
            model,
            data,
            "--output",
            _training["lora"],
            "--steps",
            "2",
            "--sequence-length",
            "64",
            "--precision",
            "bf16",
        ];
        Assert.Equal(0, (await Invocation.RunAsync(finetune)).Code);
    }

    [Fact]
    public async Task A_template_gets_the_names_of_special_tokens_as_it_will_when_served()
    {
        File.WriteAllText(
            _training["template.jinja"],
            File.ReadAllText(_training["template.jinja"]).Replace("'<|im_end|>'", "eos_token", StringComparison.Ordinal));
        Assert.Equal(0, (await Invocation.RunAsync("train", _training.WriteConfig("run"))).Code);
        Assert.Equal("yes", await Answer(Path.Combine(_training["run"], "model.gguf")));
    }

    [Fact]
    public void A_run_may_be_in_a_folder_inside_of_its_models()
    {
        string model = Directory.CreateDirectory(_training["hub"]).FullName,
            run = Directory.CreateDirectory(Path.Combine(model, "tickets")).FullName,
            data = _training["yes.jsonl"];
        File.WriteAllText(Path.Combine(model, "config.json"), "{}");
        File.WriteAllText(Path.Combine(run, "log.jsonl"), "");

        Cli.Training.TrainingRun.Check(run, "--output", [data], model);
        Assert.Throws<UsageException>(() => Cli.Training.TrainingRun.Check(model, "--output", [data], model));
    }

    [Fact]
    public async Task A_folder_that_is_not_for_a_run_is_left_as_it_is()
    {
        string config = _training.WriteConfig("run"), model = Path.Combine(_training["run"], "model.gguf"), data = _training["yes.jsonl"];
        Assert.Equal(0, (await Invocation.RunAsync("train", config)).Code);
        byte[] before = File.ReadAllBytes(model);
        File.WriteAllText(_training["file"], "");
        Directory.CreateDirectory(_training["hub"]);
        File.WriteAllText(Path.Combine(_training["hub"], "config.json"), "{}");

        (
            await Invocation.RunAsync("finetune", model, data, "--output", _training["run"], "--method", "full", "--sequence-length", "64")
        ).AssertFails(ExitCode.Usage, "name another file");
        (await Invocation.RunAsync("finetune", model, data, "--output", _training["file"], "--sequence-length", "64")).AssertFails(
            ExitCode.Usage,
            "a file; name a folder");
        (await Invocation.RunAsync("train", config, "--output", _training["hub"])).AssertFails(ExitCode.Usage, "the folder of a model");
        (await Invocation.RunAsync("train", _training["hub"])).AssertFails(ExitCode.Failure, "is a folder");
        Assert.Equal(before, File.ReadAllBytes(model));
        Assert.Equal(["config.json"], Directory.EnumerateFiles(_training["hub"]).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("log.jsonl", "data")]
    [InlineData("tokenizer.json", "tokenizer")]
    [InlineData("log.jsonl", "held_out_data")]
    [InlineData("log.jsonl", "tokenizer_data")]
    [InlineData("loss.svg", "template")]
    public async Task What_a_run_reads_it_does_not_write_over(string name, string role)
    {
        Assert.Equal(
            0,
            (await Invocation.RunAsync("train", _training.WriteConfig("base", config => config["training"]!["steps"] = 1))).Code);
        Directory.CreateDirectory(_training["run"]);
        string source = _training[
            role switch
            {
                "tokenizer" => Path.Combine("base", "tokenizer.json"),
                "template" => "template.jinja",
                _ => "yes.jsonl",
            }
        ];
        File.Copy(source, Path.Combine(_training["run"], name));
        string config = _training.WriteConfig("run", config =>
        {
            string file = $"run/{name}";
            if (role == "tokenizer")
                config["tokenizer"] = new JsonObject { ["from"] = file };
            else if (role == "template")
                config["template"] = file;
            else if (role == "tokenizer_data")
                config["tokenizer"]!["data"] = new JsonArray(file);
            else
                config["training"]![role] = new JsonArray(file);
        });

        (await Invocation.RunAsync("train", config)).AssertFails(ExitCode.Usage, name);
        Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(Path.Combine(_training["run"], name)));
        Assert.Equal([name], Directory.EnumerateFileSystemEntries(_training["run"]).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_refused_run_leaves_the_one_in_the_folder_as_it_is()
    {
        string config = _training.WriteConfig("run", config => config["training"]!["steps"] = 2);
        Assert.Equal(0, (await Invocation.RunAsync("train", config)).Code);
        Assert.Equal(
            0,
            (
                await Invocation.RunAsync(
                    "train",
                    _training.WriteConfig("other", config => (config["tokenizer"]!["vocabulary"], config["training"]!["steps"]) = (300, 1)))
            ).Code);
        Dictionary<string, byte[]> before = Directory.EnumerateFiles(_training["run"]).ToDictionary(file => file, File.ReadAllBytes);

        string another = _training.WriteConfig(
            "another",
            config =>
                (config["output"], config["tokenizer"], config["training"]!["steps"]) = (
                    "run",
                    new JsonObject { ["from"] = "other/tokenizer.json" },
                    2));
        AssertRefused(await Invocation.RunAsync("train", another), "belongs to a run with other settings");
        Assert.All(Directory.EnumerateFiles(_training["run"]), file => Assert.Equal(before[file], File.ReadAllBytes(file)));
        Assert.Equal(0, (await Invocation.RunAsync("train", config)).Code);
    }

    [Fact]
    public async Task A_run_goes_on_where_its_folder_was_moved_and_not_with_other_held_out_data()
    {
        _training.WriteData("held.jsonl", "no");
        Action<JsonObject> change = config =>
            (config["training"]!["steps"], config["training"]!["held_out_data"]) = (2, new JsonArray("held.jsonl"));
        Assert.Equal(0, (await Invocation.RunAsync("train", _training.WriteConfig("run", change))).Code);

        string moved = _training["moved"];
        Directory.CreateDirectory(moved);
        foreach (string name in (string[])["run", "run.json", "template.jinja", "yes.jsonl", "held.jsonl"])
            Directory.Move(_training[name], Path.Combine(moved, name));

        Invocation again = await Invocation.RunAsync("train", Path.Combine(moved, "run.json"));
        Assert.Equal(0, again.Code);
        Assert.Contains("going on behind step 2", again.Error);

        File.WriteAllText(Path.Combine(moved, "held.jsonl"), TinyTraining.Line("Is 99 a number?", "no") + "\n");
        AssertRefused(await Invocation.RunAsync("train", Path.Combine(moved, "run.json")), "'data: hash'");
        File.WriteAllText(Path.Combine(moved, "held.jsonl"), "");
        AssertRefused(
            await Invocation.RunAsync("train", Path.Combine(moved, "run.json")),
            "held.jsonl: there is nothing in it to evaluate on");
    }

    [Fact]
    public async Task With_json_standard_output_is_one_object()
    {
        Invocation train = await Invocation.RunAsync(
            "train",
            _training.WriteConfig("run", config => config["training"]!["steps"] = 2),
            "--json");

        Assert.Equal(2, train.Json().GetProperty("steps").GetInt32());
        Assert.Contains("step 2/2", train.Error);
        Assert.Equal(
            ["loss.svg", "model.gguf", "tokenizer.json"],
            train.Json().GetProperty("files").EnumerateArray().Select(file => Path.GetFileName(file.GetString())).Order());
    }

    [Fact]
    public async Task Many_bad_lines_are_all_in_a_file_and_a_prompt_that_fills_a_row_is_told_with_its_line()
    {
        File.AppendAllLines(
            _training["yes.jsonl"],
            [.. Enumerable.Repeat("{", 30), TinyTraining.Line(string.Join(' ', Enumerable.Range(1, 200)), "no")]);
        Invocation train = await Invocation.RunAsync(
            "train",
            _training.WriteConfig("run", config => (config["training"]!["skip_bad_lines"], config["training"]!["steps"]) = (true, 1)));

        Assert.Equal(0, train.Code);
        Assert.Equal(20, train.Error.Split('\n').Count(line => line.StartsWith("left out ", StringComparison.Ordinal)));
        Assert.Contains("… and 10 more lines left out\n", train.Error.ReplaceLineEndings("\n"));
        Assert.Contains("all 30 lines that were left out are in ", train.Error);
        Assert.Equal(30, File.ReadLines(Path.Combine(_training["run"], "left-out.txt")).Count());
        Assert.Contains("yes.jsonl:91: the prompt alone fills a row of 64 tokens", train.Error);

        File.AppendAllLines(_training["yes.jsonl"], ["}"]);
        AssertRefused(
            await Invocation.RunAsync("train", _training.WriteConfig("run", config => config["training"]!["skip_bad_lines"] = true)),
            "belongs to a run with other settings");
        Assert.Equal(30, File.ReadLines(Path.Combine(_training["run"], "left-out.txt")).Count());

        File.WriteAllText(_training["yes.jsonl"], TinyTraining.Line(string.Join(' ', Enumerable.Range(1, 200)), "no"));
        AssertRefused(
            await Invocation.RunAsync("train", _training.WriteConfig("long")),
            "Nothing is left to train on: 1 are left out, the first ");
        Assert.False(Directory.Exists(_training["long"]));
    }

    [Theory]
    [InlineData("The first message is the assistant's", """{"messages": [{"role": "assistant", "content": "x"}]}""")]
    [InlineData(
        "A tool is a number where an object belongs",
        """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "x"}], "tools": [1]}"""
    )]
    [InlineData(
        "a tool has no \"function\" with a \"name\"",
        """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "x"}], "tools": [{}]}"""
    )]
    [InlineData(
        "are not a JSON object, at column 7",
        """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": "{\"a\":1"}}]}]}"""
    )]
    public async Task A_line_that_cannot_be_learnt_is_named_with_its_fault(string said, string line)
    {
        File.AppendAllText(_training["yes.jsonl"], line + "\n");
        Invocation train = await Invocation.RunAsync("train", _training.WriteConfig("run"));

        AssertRefused(train, "yes.jsonl:61: ");
        Assert.Contains(said, train.Error);
        Assert.DoesNotContain("LineNumber", train.Error);
        Assert.False(Directory.Exists(_training["run"]));
    }

    [Fact]
    public async Task Text_that_is_not_UTF_8_is_named_with_its_line()
    {
        File.WriteAllBytes(_training["bad.txt"], [.. "one\ntwo "u8, 0xFF, .. "\nthree"u8]);
        AssertRefused(
            await Invocation.RunAsync(
                "train",
                _training.WriteConfig("run", config => config["training"]!["data"] = new JsonArray("bad.txt"))),
            "bad.txt:2: the line is not UTF-8");
    }

    [Fact]
    public async Task A_configuration_may_begin_with_a_byte_order_mark_and_has_each_key_once()
    {
        string config = _training.WriteConfig("run", config => config["training"]!["steps"] = 1), text = File.ReadAllText(config);
        File.WriteAllText(config, text, new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.Equal(0, (await Invocation.RunAsync("train", config)).Code);

        File.WriteAllText(config, text.Replace("\"name\":", "\"name\": \"other\", \"name\":", StringComparison.Ordinal));
        (await Invocation.RunAsync("train", config)).AssertFails(ExitCode.Failure, "'name' is there twice");
    }

    [Theory]
    [InlineData("--batch-tokens", "--sequence-length", "64", "--batch-tokens", "10")]
    [InlineData("context is 64", "--sequence-length", "128")]
    [InlineData("'foo'", "--targets", "foo")]
    [InlineData("--targets is empty", "--targets", "")]
    [InlineData("--rank", "--rank", "0")]
    [InlineData("--alpha is 0", "--alpha", "0")]
    [InlineData("--learning-rate is 0", "--learning-rate", "0")]
    [InlineData("--learning-rate", "--learning-rate", "1e30")]
    [InlineData("'zz'", "--method", "full", "--type", "zz")]
    [InlineData("--rank is for adapters", "--method", "full", "--rank", "4")]
    [InlineData("exclude each other", "--epochs", "1", "--steps", "1")]
    public async Task A_command_line_that_makes_no_sense_ends_before_anything_is_written(string said, params string[] arguments)
    {
        Assert.Equal(
            0,
            (await Invocation.RunAsync("train", _training.WriteConfig("base", config => config["training"]!["steps"] = 1))).Code);
        (
            await Invocation.RunAsync([
                "finetune",
                Path.Combine(_training["base"], "model.gguf"),
                _training["yes.jsonl"],
                "--output",
                _training["run"],
                .. arguments,
            ])
        ).AssertFails(ExitCode.Usage, said);
        Assert.False(Directory.Exists(_training["run"]));
    }

    [Fact]
    public async Task Bad_lines_end_the_run_with_their_number_or_are_left_out_and_reported()
    {
        File.AppendAllText(_training["yes.jsonl"], "{\"messages\": [}\n");
        string config = _training.WriteConfig("run");
        Invocation stopped = await Invocation.RunAsync("train", config);
        Invocation skipped = await Invocation.RunAsync(
            "train",
            _training.WriteConfig("run", changed => changed["training"]!["skip_bad_lines"] = true));

        Assert.Equal(ExitCode.Failure, stopped.Code);
        Assert.Contains("yes.jsonl:61: column 15: ", stopped.Error);
        Assert.Equal(0, skipped.Code);
        Assert.Contains(
            "left out ",
            Assert.Single(skipped.Error.Split('\n'), line => line.Contains("yes.jsonl:61: ", StringComparison.Ordinal)));
    }

    private static void AssertRefused(Invocation run, string said)
    {
        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains(said, run.Error);
    }

    private static double Before(Invocation finetune)
    {
        const string mark = "held-out loss before: ";
        string line = Assert.Single(finetune.Error.Split('\n'), line => line.StartsWith(mark, StringComparison.Ordinal));
        return double.Parse(line[mark.Length..], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<string> Answer(string model, params string[] options) =>
        (await Invocation.RunAsync(["run", model, Question, "--temperature", "0", "--max-tokens", "8", .. options])).Out.Trim();

    private async Task<float[]> Logits(string model, params string[] options)
    {
        string output = _training[$"{Path.GetFileName(model)}.logits"];
        Assert.Equal(0, (await Invocation.RunAsync(["logits", model, "--tokens", "1,2,3,40,5", "--output", output, .. options])).Code);
        byte[] bytes = File.ReadAllBytes(output);
        return MemoryMarshal.Cast<byte, float>(bytes.AsSpan(4 * (2 + BitConverter.ToInt32(bytes)))).ToArray();
    }
}
