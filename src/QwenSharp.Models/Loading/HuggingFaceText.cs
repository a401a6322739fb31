using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>
/// What a Hugging Face folder says of text and generation, written down as GGUF metadata: special tokens, the chat template, sampling
/// defaults.
/// The vocabulary itself is not among it: it is read from <c>tokenizer.json</c> by whoever needs it.
/// </summary>
internal sealed class HuggingFaceText(string folder, HuggingFaceJson config, OrderedDictionary<string, GgufValue> metadata)
{
    private const string TemplateName = "chat_template";

    private HuggingFaceJson? _vocabulary;

    /// <summary>What was read as something else than the files say.</summary>
    public List<string> Repairs { get; } = [];

    /// <returns>What is wrong with <c>generation_config.json</c>, which not every use of a model needs; null where nothing is.</returns>
    /// <exception cref="HuggingFaceException">Another file is malformed.</exception>
    public HuggingFaceException? Read()
    {
        HuggingFaceJson? tokenizer = HuggingFaceJson.ReadIfPresent(Path.Combine(folder, "tokenizer_config.json"));
        string path = Path.Combine(folder, "generation_config.json");
        string[] before = [.. metadata.Keys];
        try
        {
            Add(tokenizer, HuggingFaceJson.ReadIfPresent(path));
            return null;
        }
        catch (HuggingFaceException fault) when (fault.FilePath == path)
        {
            foreach (string key in metadata.Keys.Except(before).ToArray())
                metadata.Remove(key);

            Repairs.Clear();
            Add(tokenizer, generation: null);
            return fault;
        }
    }

    private void Add(HuggingFaceJson? tokenizer, HuggingFaceJson? generation)
    {
        AddSpecialTokens(tokenizer, generation);
        if (tokenizer is not null && tokenizer.TryGetBool("add_bos_token", out bool addsBos))
            metadata.Add("tokenizer.ggml.add_bos_token", addsBos);
        if (Template(tokenizer) is { } template)
            metadata.Add("tokenizer.chat_template", template);
        if (generation is not null)
            AddSampling(generation);
    }

    private void AddSpecialTokens(HuggingFaceJson? tokenizer, HuggingFaceJson? generation)
    {
        config.TryGetObject("text_config", out HuggingFaceJson? text);
        foreach ((string role, string name) in ((string, string)[])[("bos", "bos_token"), ("eos", "eos_token"), ("padding", "pad_token")])
        {
            int? id =
                (Spelling(tokenizer, name) is { } spelling ? AddedToken(tokenizer!, spelling) : null)
                ?? First(config, name)
                ?? First(text, name)
                ?? First(generation, name);
            if (id >= 0)
                metadata.Add($"tokenizer.ggml.{role}_token_id", (uint)id);
        }

        // generation_config.json may name several tokens that end an answer; GGUF has three roles for them.
        if (generation is null || !generation.TryGetInt32s("eos_token_id", out int[]? ends))
            return;

        int[] known =
            metadata.TryGetValue("tokenizer.ggml.eos_token_id", out GgufValue? eos) && eos.TryGetInteger(out int first) ? [first] : [];
        int[] others = [.. ends.Distinct().Except(known)];
        string[] roles = ["eot", "eom"];
        if (others.Length > roles.Length || others.Any(id => id < 0))
        {
            throw generation.Fault(
                "eos_token_id",
                $"is {generation.Raw("eos_token_id")}; up to {roles.Length + 1} token ids are supported");
        }

        for (int i = 0; i < others.Length; i++)
            metadata.Add($"tokenizer.ggml.{roles[i]}_token_id", (uint)others[i]);
    }

    private static int? First(HuggingFaceJson? file, string name) =>
        file is not null && file.TryGetInt32s(name + "_id", out int[]? ids) && ids.Length > 0 ? ids[0] : null;

    /// <summary>A token is named by its text, or in older files by an object that has it as "content".</summary>
    private static string? Spelling(HuggingFaceJson? tokenizer, string name)
    {
        if (tokenizer is null || !tokenizer.Has(name))
            return null;

        return tokenizer.Raw(name)!.StartsWith('{') ? tokenizer.GetObject(name).GetString("content") : tokenizer.GetString(name);
    }

    /// <summary>
    /// The id of an added token: tokenizer_config.json lists them, or where newer programs have saved it tokenizer.json alone, or in old
    /// folders a file of their own.
    /// </summary>
    private int? AddedToken(HuggingFaceJson tokenizer, string spelling)
    {
        if (tokenizer.TryGetObject("added_tokens_decoder", out HuggingFaceJson? added))
        {
            foreach (string number in added.Names)
            {
                if (
                    !int.TryParse(
                        number,
                        System.Globalization.NumberStyles.None,
                        System.Globalization.CultureInfo.InvariantCulture,
                        out int id))
                {
                    throw added.Fault(number, "is no token id");
                }

                if (added.GetObject(number).GetString("content") == spelling)
                    return id;
            }
        }

        if (
            HuggingFaceJson.ReadIfPresent(Path.Combine(folder, "added_tokens.json")) is { } listed
            && listed.TryGetInt32(spelling, out int own))
        {
            return own;
        }

        _vocabulary ??= HuggingFaceJson.ReadIfPresent(Path.Combine(folder, "tokenizer.json"));
        return _vocabulary is not null && _vocabulary.TryGetObjects("added_tokens", out HuggingFaceJson[]? tokens)
            ? tokens.FirstOrDefault(token => token.GetString("content") == spelling)?.GetInt32("id")
            : null;
    }

    /// <summary>A file of its own comes first, as in transformers; then tokenizer_config.json; then chat_template.json.</summary>
    private string? Template(HuggingFaceJson? tokenizer)
    {
        string file = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(file))
            return File.ReadAllText(file);
        if (tokenizer is not null && tokenizer.Has(TemplateName))
        {
            return tokenizer.TryGetNamedTexts(TemplateName, "name", "template", out Dictionary<string, string>? named)
                ? named.GetValueOrDefault("default")
                    ?? throw tokenizer.Fault(TemplateName, $"has the templates {string.Join(", ", named.Keys)} and none named 'default'")
                : tokenizer.GetString(TemplateName);
        }

        return
            HuggingFaceJson.ReadIfPresent(Path.Combine(folder, "chat_template.json")) is { } old
            && old.TryGetString(TemplateName, out string? text)
            ? text
            : null;
    }

    private void AddSampling(HuggingFaceJson generation)
    {
        foreach (SamplingSetting setting in SamplingSetting.All)
        {
            if (setting.HuggingFaceName is not { } name || !generation.TryGetNumber(name, out double value))
                continue;

            SamplingReading reading = setting.Read(value);
            if (reading.Fault is { } fault)
                throw generation.Fault(name, fault);
            if (reading.Repair is { } repair)
                Repairs.Add($"'{name}' in generation_config.json {repair}.");

            metadata[setting.Key] = setting.Store(reading.Value);
        }

        // Without sampling the likeliest token is taken, whatever else the file says.
        if (generation.TryGetBool("do_sample", out bool samples) && !samples)
            metadata[SamplingSetting.Temperature.Key] = 0f;
    }
}
