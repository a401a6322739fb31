using System.Text.Json;
using System.Text.RegularExpressions;
using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>
/// The <c>adapter_config.json</c> of a LoRA adapter as Hugging Face's PEFT saves it. What would change the result and is not honoured here
/// is
/// refused by its name; so is a setting that nobody knows, unless it is off.
/// </summary>
/// <param name="Path">The file.</param>
/// <param name="Rank">r, where no pattern says otherwise.</param>
/// <param name="Alpha">α, where no pattern says otherwise.</param>
/// <param name="IsRankStabilized">Whether the scale is α/√r.</param>
internal sealed record PeftConfig(string Path, int Rank, float Alpha, bool IsRankStabilized)
{
    /// <summary>What matters to training alone, or says in other words what the tensors say themselves.</summary>
    private static readonly string[] Notes =
    [
        "auto_mapping", "base_model_name_or_path", "ensure_weight_tying", "eva_config", "exclude_modules", "inference_mode",
        "layers_pattern", "layers_to_transform", "loftq_config", "lora_dropout", "megatron_config", "megatron_core", "peft_version",
        "qalora_group_size", "revision", "runtime_config", "target_modules", "task_type",
    ];

    /// <summary>What must be off, and what it is.</summary>
    private static readonly (string Name, string Reason)[] Unsupported =
    [
        ("use_dora", "DoRA also learns the length of each row"),
        ("lora_bias", "only A and B are supported, without biases"),
        ("fan_in_fan_out", "matrices that are stored transposed are not supported"),
        ("modules_to_save", "modules that were trained whole are not supported; merge them into the base model with PEFT"),
        ("use_qalora", "QALoRA pools the inputs of A"),
        ("layer_replication", "a model whose layers are repeated is another model"),
        ("trainable_token_indices", "tokens that were trained by themselves are not supported"),
        ("target_parameters", "parameters that are no modules, such as stacked experts, cannot be adapted here"),
        ("alora_invocation_tokens", "an adapter that sets in at certain tokens is not supported"),
        ("corda_config", "CorDA changes the base model"),
        ("lora_ga_config", "LoRA-GA changes the base model"),
    ];

    // A pattern is an expression out of a file, which must not cost more than it can be worth.
    private const int MaxPatternLength = 1000;
    private static readonly TimeSpan PatternTime = TimeSpan.FromMilliseconds(100);

    private readonly List<(Regex Module, float Value)> _ranks = [], _alphas = [];

    /// <exception cref="HuggingFaceException">A setting is missing, malformed, or not supported.</exception>
    public static PeftConfig Read(string path)
    {
        HuggingFaceJson json = HuggingFaceJson.Read(path);
        if (json.GetString("peft_type") is var type && type != "LORA")
            throw json.Fault("peft_type", $"is '{type}'; only LORA is supported");
        if (json.TryGetString("bias", out string? bias) && bias != "none")
            throw json.Fault("bias", $"is '{bias}': trained biases are not supported");
        foreach ((string name, string reason) in Unsupported)
        {
            if (!IsOff(json, name))
                throw json.Fault(name, $"is {json.Raw(name)}: {reason}");
        }

        CheckStart(json);
        int rank = json.GetInt32("r");
        double alpha = json.GetNumber("lora_alpha");
        if (rank < 1)
            throw json.Fault("r", $"is {rank}; it must be at least 1");

        PeftConfig config = new(path, rank, (float)alpha, json.TryGetBool("use_rslora", out bool stabilized) && stabilized);
        ReadPatterns(json, "rank_pattern", config._ranks);
        ReadPatterns(json, "alpha_pattern", config._alphas);
        if (json.Unconsumed().FirstOrDefault(name => !Notes.Contains(name) && !IsOff(json, name)) is { } unknown)
            throw json.Fault(unknown, $"is {json.Raw(unknown)}, and this build does not know what it means");

        return config;
    }

    /// <summary>The rank of a module.</summary>
    /// <exception cref="HuggingFaceException">A pattern takes too long.</exception>
    public int RankOf(string module) => (int)(Match(_ranks, "rank_pattern", module) ?? Rank);

    /// <summary>α of a module, where it is not that of the others.</summary>
    /// <exception cref="HuggingFaceException">A pattern takes too long.</exception>
    public float? AlphaOf(string module) => Match(_alphas, "alpha_pattern", module);

    /// <summary>
    /// Some ways to begin a training take a part out of the base model's weights; loaded beside the whole, that part would count twice.
    /// </summary>
    private static void CheckStart(HuggingFaceJson json)
    {
        const string name = "init_lora_weights";
        string start = json.Raw(name) ?? "true";
        if (start is not ("true" or "false" or "\"gaussian\"" or "\"eva\"" or "\"orthogonal\""))
        {
            throw json.Fault(
                name,
                $"is {start}: such an adapter belongs to a changed base model; convert it with PEFT's "
                    + "path_initial_model_for_weight_conversion"
            );
        }
    }

    private static void ReadPatterns(HuggingFaceJson json, string name, List<(Regex, float)> patterns)
    {
        if (!json.TryGetObject(name, out HuggingFaceJson? values))
            return;

        foreach (string pattern in values.Names)
        {
            double value = values.GetNumber(pattern);
            if (name == "rank_pattern" && (value is < 1 or > int.MaxValue || value != Math.Truncate(value)))
                throw values.Fault(pattern, $"is {value}; it must be a whole number of at least 1");

            if (pattern.Length > MaxPatternLength)
                throw json.Fault(name, $"has an expression of {pattern.Length} characters; {MaxPatternLength} are allowed");

            try
            {
                // The whole name of a module, or its end from a dot on: PEFT's rule.
                patterns.Add((new Regex($@"^(?:.*\.)?(?:{pattern})$", RegexOptions.CultureInvariant, PatternTime), (float)value));
            }
            catch (ArgumentException)
            {
                throw values.Fault(pattern, "is no regular expression");
            }
        }
    }

    private float? Match(List<(Regex Module, float Value)> patterns, string name, string module)
    {
        try
        {
            foreach ((Regex pattern, float value) in patterns)
            {
                if (pattern.IsMatch(module))
                    return value;
            }

            return null;
        }
        catch (RegexMatchTimeoutException)
        {
            throw new HuggingFaceException(Path, $"'{name}' has an expression that takes too long on '{module}'");
        }
    }

    private static bool IsOff(HuggingFaceJson json, string name) => json.Raw(name) is null or "false" or "{}" or "[]";

    /// <summary>Writes what <see cref="Read"/> reads.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="modules">transformers' names of the modules of its pairs, in their order.</param>
    /// <param name="baseModelName">The name or the path of the base model.</param>
    public static void Write(Stream stream, LoraAdapter adapter, IReadOnlyList<string> modules, string baseModelName)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("peft_type", "LORA");
        json.WriteString("task_type", "CAUSAL_LM");
        json.WriteString("base_model_name_or_path", baseModelName);
        json.WriteNumber("r", adapter.Rank);
        json.WriteNumber("lora_alpha", adapter.Alpha);
        json.WriteBoolean("use_rslora", adapter.IsRankStabilized);
        json.WriteNumber("lora_dropout", 0);
        json.WriteString("bias", "none");
        json.WriteStartArray("target_modules");
        foreach (string module in modules.Select(module => module[(module.LastIndexOf('.') + 1)..]).Distinct())
            json.WriteStringValue(module);

        json.WriteEndArray();
        WritePatterns(
            json,
            "rank_pattern",
            adapter
                .Pairs.Zip(modules)
                .Where(entry => entry.First.Rank != adapter.Rank)
                .Select(entry => (entry.Second, (float)entry.First.Rank)));
        WritePatterns(
            json,
            "alpha_pattern",
            adapter
                .Pairs.Zip(modules)
                .Where(entry => entry.First.Alpha is { } own && own != adapter.Alpha)
                .Select(entry => (entry.Second, entry.First.Alpha!.Value)));
        json.WriteBoolean("fan_in_fan_out", false);
        json.WriteBoolean("init_lora_weights", true);
        json.WriteBoolean("inference_mode", true);
        json.WriteNull("modules_to_save");
        json.WriteEndObject();
    }

    private static void WritePatterns(Utf8JsonWriter json, string name, IEnumerable<(string Module, float Value)> patterns)
    {
        json.WriteStartObject(name);
        foreach ((string module, float value) in patterns)
            json.WriteNumber(module, value);

        json.WriteEndObject();
    }
}
