namespace QwenSharp.Models;

/// <summary>
/// The first generation (Qwen Team, 2023): queries, keys and values come out of one matrix with a bias, every head has keys and values of
/// its own.
/// Its dynamic NTK scaling and log-n attention, for contexts beyond those that it was trained on, are off, as in llama.cpp.
/// </summary>
internal static class Qwen1
{
    // The code came with the checkpoints, and has GPT-2's names.
    private static readonly ModuleNames _modules = new(
        Root: "",
        "transformer.h.",
        new Dictionary<string, string>
        {
            ["transformer.wte"] = "token_embd",
            ["transformer.ln_f"] = "output_norm",
            ["lm_head"] = "output",
        },
        new Dictionary<string, string>
        {
            ["ln_1"] = "attn_norm",
            ["attn.c_attn"] = "attn_qkv",
            ["attn.c_proj"] = "attn_output",
            ["ln_2"] = "ffn_norm",
            ["mlp.w1"] = "ffn_up",
            ["mlp.w2"] = "ffn_gate",
            ["mlp.c_proj"] = "ffn_down",
        });

    public static Family Family { get; } = new("qwen", Qwen2.ReadLayer)
    {
        HasQkvBias = true,
        HasFusedQkv = true,
        CountsGateAndUpTogether = true,
        Classes = ["QWenLMHeadModel"],
        Modules = _modules,
        ContextLength = ContextLength,
        WriteKeys = RequireWholeHeads,
    };

    /// <summary>
    /// It was trained on <c>seq_length</c> positions, up to which its two ways to go further (the base of the rotation grows, attention is
    /// multiplied by a logarithm) change nothing. This build has neither of them: it ends there.
    /// </summary>
    private static int ContextLength(HuggingFaceConfig config)
    {
        int most = config.Length("max_position_embeddings");
        bool stretches = config.Text.TryGetBool("use_dynamic_ntk", out bool scales) && scales,
            sharpens = config.Text.TryGetBool("use_logn_attn", out bool grows) && grows;
        if (
            !config.Text.Has("seq_length")
            || config.Length("seq_length") is var trained && (trained >= most || !(stretches || sharpens)))
        {
            return most;
        }

        config.Remarks.Add(
            $"The context is {trained} positions, not {most}: what config.json asks for beyond them (use_dynamic_ntk, use_logn_attn) is "
                + "not supported."
        );
        return trained;
    }

    private static void RequireWholeHeads(HuggingFaceConfig config)
    {
        if (config.Text.TryGetNumber("rotary_pct", out double share) && share != 1)
            throw config.Refusal("rotary_pct", "only heads that turn as a whole are supported");
        if (config.Text.TryGetBool("scale_attn_weights", out bool scales) && !scales)
            throw config.Refusal("scale_attn_weights", "attention is always scaled");
    }
}
