using System.Text.Json;
using System.Text.Json.Serialization;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tokenizers;
using QwenSharp.Training;

namespace QwenSharp.Cli.Training;

/// <summary>The file of <c>qwensharp train</c>: a model from scratch. Paths in it are seen from its own folder.</summary>
/// <remarks>Members are set and not initialised: generated readers of JSON leave the defaults of the former alone.</remarks>
internal sealed record TrainConfig
{
    /// <summary>The model's name, as its file carries it.</summary>
    public required string Name { get; set; }

    /// <summary>The folder of the run.</summary>
    public required string Output { get; set; }

    /// <summary>The model's shape.</summary>
    public required ShapeConfig Model { get; set; }

    /// <summary>The tokenizer: learnt from the data, or taken from a model.</summary>
    public TokenizerConfig Tokenizer { get; set; } = new();

    /// <summary>A model of the same shape whose weights and tokenizer are gone on from; null for weights that are drawn.</summary>
    public string? StartFrom { get; set; }

    /// <summary>A file with the chat template (Jinja); without one the model learns from texts alone.</summary>
    public string? Template { get; set; }

    /// <summary>The type of the weights in the file that is written: f32, f16, bf16, q8_0, ….</summary>
    public string Type { get; set; } = "f16";

    /// <summary>
    /// Further metadata of the file that is written, such as <c>general.license</c> or <c>general.sampling.temp</c>: texts, flags, whole
    /// numbers and, with a point, others.
    /// </summary>
    public Dictionary<string, JsonElement> Metadata { get; set; } = [];

    /// <summary>What is learnt from, and how.</summary>
    public required TrainingSettings Training { get; set; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is not JSON, has a key that means nothing here, lacks one, or asks for what is not
    /// possible.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static TrainConfig Read(string path)
    {
        if (Directory.Exists(path))
            throw new InvalidDataException($"'{path}' is a folder; name the JSON file of the run.");

        try
        {
            ReadOnlySpan<byte> text = File.ReadAllBytes(path);
            TrainConfig config =
                JsonSerializer.Deserialize(text.StartsWith("\uFEFF"u8) ? text[3..] : text, TrainingJson.Default.TrainConfig)
                ?? throw new InvalidDataException("it is 'null'; an object is wanted");
            config.Validate();
            string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            string Here(string file) => Path.GetFullPath(file, folder);
            string? tokenizer = config.Tokenizer.From ?? config.StartFrom;
            return config with
            {
                Output = Here(config.Output),
                Template = config.Template is null ? null : Here(config.Template),
                StartFrom = config.StartFrom is null ? null : Here(config.StartFrom),
                Tokenizer = config.Tokenizer with
                {
                    From = tokenizer is null ? null : Here(tokenizer),
                    Data = [.. config.Tokenizer.Data.Select(Here)],
                },
                Training = config.Training with
                {
                    Data = [.. config.Training.Data.Select(Here)],
                    HeldOutData = [.. config.Training.HeldOutData.Select(Here)],
                },
            };
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"{path}: {ConfigFault.Describe(fault)}.", fault);
        }
        catch (Exception fault) when (fault is InvalidDataException or ModelLoadException or ArgumentException)
        {
            throw new InvalidDataException($"{path}: {CommandTree.Said(fault).TrimEnd('.')}.", fault);
        }
    }

    private void Validate()
    {
        Require(Name.Length > 0, "name is empty");
        Require(Output.Length > 0, "output is empty; it names the folder of the run");
        Require(Template is null or { Length: > 0 }, "template is empty; a model without one has no such key");
        Require(StartFrom is null or { Length: > 0 }, "start_from is empty; it names a model");
        Require(!Tokenizer.Data.Any(string.IsNullOrEmpty), "tokenizer.data is a list with a name that is empty or null");
        Require(Tokenizer.LongestToken is null or > 0, $"tokenizer.longest_token is {Tokenizer.LongestToken}; it must be at least 1");
        Require(
            (Tokenizer.From ?? StartFrom) is null || Tokenizer.KeyOfLearning() is null,
            $"tokenizer.{Tokenizer.KeyOfLearning()} is for a tokenizer that is learnt, and "
                + $"{(Tokenizer.From is null ? "start_from" : "tokenizer.from")} takes one that is there"
        );
        _ = WeightMix.Find(Type);
        Training.Validate();
        if ((Tokenizer.From ?? StartFrom) is null)
            _ = new BpeTrainer(Tokenizer.ToOptions());

        ModelConfig shape = Model.ToModelConfig(Math.Max(1, Tokenizer.ToOptions().VocabularySize));
        TrainableModel.RequireTrainable(shape);
        Require(
            Training.SequenceLength <= shape.ContextLength,
            $"training.sequence_length is {Training.SequenceLength}, and model.context_length {shape.ContextLength}; no row can be longer "
                + "than the context"
        );
    }

    private static void Require(bool valid, string problem)
    {
        if (!valid)
            throw new InvalidDataException(problem);
    }
}

/// <summary>A dense model's shape.</summary>
internal sealed record ShapeConfig
{
    public string Architecture { get; set; } = "qwen3";
    public required int Layers { get; set; }
    public required int Width { get; set; }
    public required int Heads { get; set; }
    public required int KvHeads { get; set; }
    public required int HeadLength { get; set; }
    public required int FeedForwardWidth { get; set; }
    public int ContextLength { get; set; } = 1024;
    public float RopeTheta { get; set; } = 10_000;
    public float RmsEpsilon { get; set; } = 1e-6f;
    public bool TiedHead { get; set; } = true;

    /// <summary>The shape of a model.</summary>
    /// <exception cref="InvalidDataException">A length cannot be; the message names its key.</exception>
    public ModelConfig ToModelConfig(int vocabularySize)
    {
        // Beyond any model that exists, and small enough that products of lengths can be counted.
        (string Key, int Value, int Most)[] lengths =
        [
            ("layers", Layers, 1 << 10),
            ("width", Width, 1 << 18),
            ("heads", Heads, 1 << 12),
            ("kv_heads", KvHeads, 1 << 12),
            ("head_length", HeadLength, 1 << 12),
            ("feed_forward_width", FeedForwardWidth, 1 << 20),
            ("context_length", ContextLength, 1 << 24),
        ];
        if (Array.Find(lengths, length => length.Value < 1 || length.Value > length.Most) is { Key: not null } wrong)
            throw new InvalidDataException($"model.{wrong.Key} is {wrong.Value}; it must be 1 to {wrong.Most}");

        return Shape(vocabularySize);
    }

    private ModelConfig Shape(int vocabularySize) => new ModelConfig
    {
        Architecture = Architecture,
        VocabularySize = vocabularySize,
        Layers = Layers,
        Width = Width,
        Heads = Heads,
        KvHeads = KvHeads,
        HeadLength = HeadLength,
        FeedForwardWidth = FeedForwardWidth,
        ContextLength = ContextLength,
        RopeTheta = RopeTheta,
        RmsEpsilon = RmsEpsilon,
        HasTiedHead = TiedHead,
        HasQkNorm = Architecture == "qwen3",
        HasQkvBias = Architecture == "qwen2",
    }.Validate();

    /// <summary>Refuses a model of another shape; its context may have another length.</summary>
    /// <exception cref="InvalidDataException">The message names the first difference.</exception>
    public void RequireShapeOf(ModelConfig start)
    {
        TrainableModel.RequireTrainable(start);
        if (start.RotaryLength != start.HeadLength)
        {
            throw new InvalidDataException(
                $"start_from turns {start.RotaryLength} elements of a head of {start.HeadLength}; 'train' turns all");
        }

        (string Key, object Asked, object Has)[] lengths =
        [
            ("architecture", Architecture, start.Architecture),
            ("layers", Layers, start.Layers),
            ("width", Width, start.Width),
            ("heads", Heads, start.Heads),
            ("kv_heads", KvHeads, start.KvHeads),
            ("head_length", HeadLength, start.HeadLength),
            ("feed_forward_width", FeedForwardWidth, start.FeedForwardWidth),
            ("rope_theta", RopeTheta, start.RopeTheta),
            ("rms_epsilon", RmsEpsilon, start.RmsEpsilon),
            ("tied_head", TiedHead, start.HasTiedHead),
        ];
        if (Array.Find(lengths, length => !length.Asked.Equals(length.Has)) is { Key: not null } other)
        {
            throw new InvalidDataException(
                string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"model.{other.Key} is {other.Asked}, and start_from has {other.Has}; a model that is gone on from keeps its shape"));
        }
    }
}

/// <summary>Where a model's tokenizer comes from: learnt from the data, or taken.</summary>
internal sealed record TokenizerConfig
{
    /// <summary>Tokens of a vocabulary that is learnt; 4,096 if not said.</summary>
    public int? Vocabulary { get; set; }

    /// <summary>The longest token in bytes that is learnt; 32 if not said.</summary>
    public int? LongestToken { get; set; }

    /// <summary>
    /// Whether no learnt token joins a space or a sign with a letter, so that a word is the same tokens wherever it stands.
    /// </summary>
    public bool? WordsApart { get; set; }

    /// <summary>
    /// How text is cut into pieces that no learnt token crosses: as Qwen 2 and 3 do (if not said), or as Qwen3.5 does, which leaves the
    /// vowel signs of Hindi and Thai in their words.
    /// </summary>
    public PreTokenizerPattern? Pattern { get; set; }

    /// <summary>A model or a tokenizer.json whose tokenizer is used in place of a learnt one.</summary>
    public string? From { get; set; }

    /// <summary>Files that it is learnt from in place of the training's; none for those.</summary>
    public IReadOnlyList<string> Data { get; set; } = [];

    /// <summary>What is learnt.</summary>
    public BpeTrainerOptions ToOptions() => new()
    {
        VocabularySize = Vocabulary ?? 4096,
        LongestToken = LongestToken ?? 32,
        KeepsWordsApart = WordsApart ?? false,
        Pattern = Pattern ?? PreTokenizerPattern.Qwen2,
    };

    /// <summary>A key that says how a tokenizer is learnt; null for none.</summary>
    public string? KeyOfLearning() =>
        Vocabulary is not null ? "vocabulary"
        : LongestToken is not null ? "longest_token"
        : WordsApart is not null ? "words_apart"
        : Pattern is not null ? "pattern"
        : Data.Count > 0 ? "data"
        : null;
}

[JsonSerializable(typeof(TrainConfig))]
[JsonSerializable(typeof(LearningRateDecay))]
[JsonSerializable(typeof(OptimizerKind))]
[JsonSerializable(typeof(TrainingPrecision))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    AllowDuplicateProperties = false,
    WriteIndented = true,
    Converters = [
        typeof(EnumByName<LearningRateDecay>),
        typeof(EnumByName<OptimizerKind>),
        typeof(EnumByName<TrainingPrecision>),
        typeof(EnumByName<PreTokenizerPattern>),
    ])]
internal sealed partial class TrainingJson : JsonSerializerContext;

/// <summary>A choice by its name alone: a number would be taken for any, also for one that is none.</summary>
internal sealed class EnumByName<T>() : JsonStringEnumConverter<T>(namingPolicy: null, allowIntegerValues: false)
    where T : struct, Enum;
