using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// Qwen3-Next (Qwen Team, 2025): Gated DeltaNet layers with gated attention every fourth layer, and many small experts beside one that
/// every
/// token passes. The value heads of a key head stand together, and so do their rows in the matrices that make more than one thing.
/// </summary>
internal static class Qwen3Next
{
    /// <summary>The length of a head that <c>config.json</c> does not name, in all hybrid families.</summary>
    public const int HeadLength = 256;

    /// <summary>The names of a hybrid family's modules. GGUF has another name for the norm before their feed-forward networks.</summary>
    public static readonly ModuleNames HybridModules = ModuleNames.Dense.With(
        ("post_attention_layernorm", "post_attention_norm"),
        ("linear_attn", "ssm"),
        ("linear_attn.in_proj_qkvz", "ssm_in"),
        ("linear_attn.in_proj_ba", "ssm_ba"),
        ("linear_attn.in_proj_qkv", "attn_qkv"),
        ("linear_attn.in_proj_z", "attn_gate"),
        ("linear_attn.in_proj_a", "ssm_alpha"),
        ("linear_attn.in_proj_b", "ssm_beta"),
        ("linear_attn.conv1d", "ssm_conv1d"),
        ("linear_attn.norm", "ssm_norm"),
        ("linear_attn.out_proj", "ssm_out"));

    public static Family Family { get; } = new("qwen3next", ReadLayer)
    {
        HasQkNorm = true,
        IsHybrid = true,
        Experts = new ExpertTraits(NormalizesWeights: true, HasShared: true),
        Classes = ["Qwen3NextForCausalLM"],
        Modules = HybridModules.WithExperts(),
        DefaultHeadLength = HeadLength,
        Shapes =
        [
            ("qwen3-next-80b-a3b", Shape("qwen3next", 151_936, 2_048, 48, 16, 2, 32) with
            {
                Experts = new MixtureOfExperts(512, 10, 512) { SharedWidth = 512, NormalizesWeights = true },
            }),
        ],
    };

    /// <summary>A shape of a hybrid family, without its feed-forward networks.</summary>
    public static ModelConfig Shape(string architecture, int vocabulary, int width, int layers, int heads, int kvHeads, int valueHeads) =>
        new()
        {
            Architecture = architecture,
            VocabularySize = vocabulary,
            Width = width,
            Layers = layers,
            Heads = heads,
            KvHeads = kvHeads,
            HeadLength = HeadLength,
            RotaryLength = 64,
            ContextLength = 262_144,
            RopeTheta = 10_000_000,
            HasQkNorm = true,
            HasGatedAttention = true,
            Recurrent = new RecurrentLayers(
                new DeltaNetShape(KeyHeads: 16, valueHeads, KeyLength: 128, ValueLength: 128, Taps: 4),
                AttentionInterval: 4),
        };

    private static DecoderLayer ReadLayer(WeightReader weights, ModelConfig config) => new(
        weights.Vector("attn_norm.weight", config.Width),
        config.IsRecurrent(weights.Layer) ? ReadDeltaNet(weights, config) : Attention.Read(weights, config),
        weights.Vector("post_attention_norm.weight", config.Width),
        ExpertFeedForward.Read(weights, config));

    private static GatedDeltaNet ReadDeltaNet(WeightReader weights, ModelConfig config)
    {
        DeltaNetShape shape = config.Recurrent!.Shape;
        int group = shape.ValueHeads / shape.KeyHeads;

        // For each key head the b of its value heads, and then their a.
        Linear both = Unscaled(weights, "ssm_ba", config.Width, 2 * shape.ValueHeads);
        Linear beta = both.Pick([.. Enumerable.Range(0, shape.ValueHeads).Select(head => (head / group * 2 * group) + (head % group))]);
        Linear decay = both.Pick([
            .. Enumerable.Range(0, shape.ValueHeads).Select(head => (head / group * 2 * group) + group + (head % group)),
        ]);

        // The first conversions had queries, keys, values and gates in one matrix; where the others are there too, it is not used.
        Linear? input = weights.Has("ssm_in.weight")
            ? Unscaled(weights, "ssm_in", config.Width, shape.ConvolutionWidth + shape.ValueWidth)
            : null;
        (Linear mixed, Linear gate) =
            input is null || weights.Has("attn_qkv.weight")
                ? (
                    Unscaled(weights, "attn_qkv", config.Width, shape.ConvolutionWidth),
                    Unscaled(weights, "attn_gate", config.Width, shape.ValueWidth))
                : SplitInput(input, shape);

        GatedDeltaNet layer = GatedDeltaNet.Read(weights, config, mixed, gate, decay, beta);
        return layer with { Output = layer.Output with { Scale = 1 } };
    }

    /// <summary>
    /// Takes rows apart that lie together by key head: its query, its key, the values of its value heads and their gates.
    /// </summary>
    private static (Linear Mixed, Linear Gate) SplitInput(Linear input, DeltaNetShape shape)
    {
        int values = shape.ValueWidth / shape.KeyHeads, stride = (2 * shape.KeyLength) + (2 * values);
        IEnumerable<int> Rows(int first, int count) =>
            Enumerable.Range(0, shape.KeyHeads).SelectMany(head => Enumerable.Range((head * stride) + first, count));

        int[] mixed = [.. Rows(0, shape.KeyLength), .. Rows(shape.KeyLength, shape.KeyLength), .. Rows(2 * shape.KeyLength, values)];
        return (input.Pick(mixed), input.Pick([.. Rows((2 * shape.KeyLength) + values, values)]));
    }

    // llama.cpp's graph of this family leaves the scales of the recurrent layers' matrices out; its logits are the reference.
    private static Linear Unscaled(WeightReader weights, string name, int inputs, int outputs) =>
        weights.Linear(name, inputs, outputs) with { Scale = 1 };
}
