using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>
/// The rotary settings of a <c>config.json</c>: <c>rope_theta</c> with <c>rope_scaling</c>, or in newer files <c>rope_parameters</c> for
/// both.
/// </summary>
internal static class HuggingFaceRope
{
    /// <exception cref="HuggingFaceException">A number is missing or cannot be.</exception>
    /// <exception cref="ModelLoadException">The kind of scaling is not supported.</exception>
    public static void Write(HuggingFaceConfig config)
    {
        HuggingFaceJson text = config.Text;
        if (text.Has("rope_parameters") && text.Has("rope_scaling") && text.Raw("rope_parameters") != text.Raw("rope_scaling"))
        {
            throw config.Refusal(
                "rope_scaling",
                "'rope_parameters' says the same in newer words and says something else; keep one of them");
        }

        string name = text.Has("rope_parameters") ? "rope_parameters" : "rope_scaling";
        text.TryGetObject(name, out HuggingFaceJson? rope);
        config.Add(
            "rope.freq_base",
            (float)(
                rope is not null && rope.TryGetNumber("rope_theta", out double theta)
                || text.TryGetNumber("rope_theta", out theta)
                || text.TryGetNumber("rotary_emb_base", out theta)
                    ? theta
                    : 10_000));
        if (rope is null)
            return;

        string type = rope.TryGetString("rope_type", out string? kind) || rope.TryGetString("type", out kind) ? kind : "default";
        rope.Skip("type");
        switch (type)
        {
            case "default" or "mrope" or "none":
                break;
            case "linear":
                config.Add("rope.scaling.type", "linear");
                config.Add("rope.scaling.factor", Factor(rope));
                break;
            case "dynamic":
                config.Add("rope.scaling.type", "dynamic");
                config.Add("rope.scaling.factor", Factor(rope));
                if (rope.TryGetInt32("original_max_position_embeddings", out int original))
                {
                    config.Add(
                        "rope.scaling.original_context_length",
                        (uint)(original > 0 ? original : throw NotPositive(rope, "original_max_position_embeddings")));
                }

                break;
            case "yarn":
                WriteYarn(config, rope);
                break;
            default:
                throw config.Refusal(name, $"the scaling '{type}' is not supported; default, linear, dynamic and yarn are");
        }

        if (rope.TryGetInt32s("mrope_section", out int[]? sections))
        {
            if (sections.Length is 0 or > 4 || sections.Any(length => length < 0))
                throw rope.Fault("mrope_section", $"is {rope.Raw("mrope_section")}; it must have 1 to 4 lengths");

            config.Add("rope.dimension_sections", GgufValue.ArrayOf<int>([.. sections, .. new int[4 - sections.Length]]));
        }

        // Which components of a position interleave follows from the family; how much of a head turns is read by the family.
        rope.Skip("mrope_interleaved");
        rope.Skip("finetuned");
        if (rope.TryGetNumber("partial_rotary_factor", out double part) && part != 1 && !config.Family.IsHybrid)
        {
            throw rope.Fault(
                "partial_rotary_factor",
                $"is {rope.Raw("partial_rotary_factor")}; heads of {config.Family.Architecture} turn as a whole");
        }

        if (rope.Unconsumed() is [{ } unknown, ..])
            throw new HuggingFaceException(text.Path, $"'{unknown}' is no setting of the rotary embedding that this build knows");
    }

    private static void WriteYarn(HuggingFaceConfig config, HuggingFaceJson rope)
    {
        float factor = Factor(rope);
        int original = rope.TryGetInt32("original_max_position_embeddings", out int length)
            ? length
            : config.Length("max_position_embeddings");
        config.Add("rope.scaling.type", "yarn");
        config.Add("rope.scaling.factor", factor);
        config.Add(
            "rope.scaling.original_context_length",
            (uint)(original > 0 ? original : throw NotPositive(rope, "original_max_position_embeddings")));

        // transformers' factor replaces 0.1 ln(factor) + 1, GGUF's multiplies it.
        if (rope.TryGetNumber("attention_factor", out double attention))
        {
            config.Add(
                "rope.scaling.attn_factor",
                (float)((attention > 0 ? attention : throw NotPositive(rope, "attention_factor")) / (0.1 * Math.Log(factor) + 1)));
        }
        // A name of llama.cpp's that transformers does not know, in DeepSeek-R1-0528-Qwen3-8B: neither of them reads it there.
        if (rope.Raw("attn_factor") is { } unread)
        {
            config.Remarks.Add(
                $"'attn_factor' of the rotary scaling, {unread}, changes nothing: transformers and llama.cpp do not read it either.");
        }

        if (rope.TryGetNumber("beta_fast", out double fast))
            config.Add("rope.scaling.yarn_beta_fast", (float)(fast > 0 ? fast : throw NotPositive(rope, "beta_fast")));
        if (rope.TryGetNumber("beta_slow", out double slow))
            config.Add("rope.scaling.yarn_beta_slow", (float)(slow > 0 ? slow : throw NotPositive(rope, "beta_slow")));
        if (rope.TryGetBool("truncate", out bool truncates) && !truncates)
            config.Add("rope.scaling.yarn_truncate", false);
    }

    private static HuggingFaceException NotPositive(HuggingFaceJson rope, string name) =>
        rope.Fault(name, $"is {rope.Raw(name)}; it must be above 0");

    private static float Factor(HuggingFaceJson rope)
    {
        double factor = rope.GetNumber("factor");
        return factor >= 1 ? (float)factor : throw rope.Fault("factor", $"is {factor}; it must be at least 1");
    }
}
