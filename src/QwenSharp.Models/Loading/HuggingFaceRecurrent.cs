using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// The recurrent layers of Qwen3-Next and Qwen3.5 in a Hugging Face folder, whose weights GGUF has in another order: Qwen3-Next's one input
/// matrix is
/// taken apart, and Qwen3.5's value heads, stored by key head, take turns (for why, see llama.cpp's pull request 19468).
/// </summary>
internal sealed class HuggingFaceRecurrent
{
    private const int MaxLength = 1 << 16;

    private readonly bool _movesHeads;
    private readonly int _keyHeads, _valueHeads, _keyLength, _valueLength;

    /// <exception cref="HuggingFaceException">A length is missing or cannot be.</exception>
    public HuggingFaceRecurrent(HuggingFaceConfig config)
    {
        (_keyHeads, _valueHeads) = (Length(config, "linear_num_key_heads"), Length(config, "linear_num_value_heads"));
        (_keyLength, _valueLength) = (Length(config, "linear_key_head_dim"), Length(config, "linear_value_head_dim"));
        if (_valueHeads % _keyHeads != 0)
            throw config.Text.Fault("linear_num_value_heads", $"is {_valueHeads}, not a multiple of the {_keyHeads} key heads");
        if ((2L * _keyHeads * _keyLength) + (2L * _valueHeads * _valueLength) > 1 << 25)
        {
            throw config.Text.Fault(
                "linear_value_head_dim",
                $"is {_valueLength}: recurrent layers of so many heads are wider than this build supports");
        }

        _movesHeads = config.Family.HasAlternatingKeyHeads && _valueHeads != _keyHeads;
    }

    /// <summary>The order of a model that is there already.</summary>
    public HuggingFaceRecurrent(DeltaNetShape shape)
    {
        (_keyHeads, _valueHeads, _keyLength, _valueLength) = (shape.KeyHeads, shape.ValueHeads, shape.KeyLength, shape.ValueLength);
        _movesHeads = shape.HasAlternatingKeyHeads && _valueHeads != _keyHeads;
    }

    /// <summary>Adds the keys of recurrent layers, and of the part of a head that turns in the others.</summary>
    /// <exception cref="HuggingFaceException">A length is missing or cannot be.</exception>
    /// <exception cref="ModelLoadException">A setting is not supported.</exception>
    public static void WriteKeys(HuggingFaceConfig config)
    {
        HuggingFaceRecurrent lengths = new(config);
        config.AddLength("ssm.conv_kernel", "linear_conv_kernel_dim");
        config.Add("ssm.state_size", (uint)lengths._keyLength);
        config.Add("ssm.group_count", (uint)lengths._keyHeads);
        config.Add("ssm.time_step_rank", (uint)lengths._valueHeads);
        config.Add("ssm.inner_size", (uint)(lengths._valueHeads * lengths._valueLength));
        if (config.Text.TryGetStrings("layer_types", out string[]? types))
        {
            if (types.Length != config.Layers)
                throw config.Text.Fault("layer_types", $"has {types.Length} elements for {config.Layers} layers");

            config.Add(
                "attention.recurrent_layers",
                GgufValue.ArrayOf<bool>([.. types.Select(type => type == "linear_attention"), .. new bool[config.NextTokenLayers]]));
        }

        config.AddLength("full_attention_interval", "full_attention_interval", 4);
        if (config.Text.TryGetBool("attn_output_gate", out bool isGated) && !isGated)
            throw config.Refusal("attn_output_gate", "attention of this family is gated");
        if (config.Text.TryGetString("output_gate_type", out string? gate) && gate is not ("swish" or "silu"))
            throw config.Refusal("output_gate_type", "only swish is supported");

        HuggingFaceJson text = config.Text;
        if (
            !text.TryGetNumber("partial_rotary_factor", out double part)
            && !(
                (text.TryGetObject("rope_parameters", out HuggingFaceJson? rope) || text.TryGetObject("rope_scaling", out rope))
                && rope.TryGetNumber("partial_rotary_factor", out part)))
        {
            part = 0.25;
        }

        if (part is not (> 0 and <= 1))
            throw text.Fault("partial_rotary_factor", $"is {part}; it must be above 0 and at most 1");

        config.Add("rope.dimension_count", (uint)(config.HeadLength * part));
    }

    /// <summary>A tensor in GGUF's order; the tensor itself where nothing moves.</summary>
    /// <exception cref="ModelLoadException">It has not as many rows or columns as it should.</exception>
    public IReadOnlyList<HuggingFaceWeight> Arrange(HuggingFaceWeight weight)
    {
        string layer = weight.Name[..(weight.Name.IndexOf('.', 4) + 1)], name = weight.Name[layer.Length..];
        int queriesAndKeys = 2 * _keyHeads * _keyLength;
        return name switch
        {
            "ssm_in.weight" =>
            [
                weight.PickRows(
                    layer + "attn_qkv.weight",
                    [.. Input(0, _keyLength), .. Input(_keyLength, _keyLength), .. Input(2 * _keyLength, GroupLength)],
                    InputRows),
                weight.PickRows(layer + "attn_gate.weight", Input((2 * _keyLength) + GroupLength, GroupLength), InputRows),
            ],
            "attn_qkv.weight" or "ssm_conv1d.weight" when _movesHeads =>
            [
                weight.PickRows(
                    weight.Name,
                    [(0, queriesAndKeys), .. Heads(queriesAndKeys, _valueLength)],
                    queriesAndKeys + (_valueHeads * _valueLength)),
            ],
            "attn_gate.weight" when _movesHeads => [weight.PickRows(weight.Name, Heads(0, _valueLength), _valueHeads * _valueLength)],
            "ssm_alpha.weight" or "ssm_beta.weight" when _movesHeads => [weight.PickRows(weight.Name, Heads(0, 1), _valueHeads)],
            "ssm_a" or "ssm_dt.bias" when _movesHeads => [weight.PickColumns(Heads(0, 1), _valueHeads)],
            "ssm_out.weight" when _movesHeads => [weight.PickColumns(Heads(0, _valueLength), _valueHeads * _valueLength)],
            _ => [weight],
        };
    }

    /// <summary>Values of the value heads that share a key head.</summary>
    private int GroupLength => _valueHeads / _keyHeads * _valueLength;

    private int InputRows => _keyHeads * InputStride;

    /// <summary>The input matrix has for each key head its query, its key, the values of its value heads and their gates.</summary>
    private int InputStride => (2 * _keyLength) + (2 * GroupLength);

    private (int, int)[] Input(int first, int count) =>
        [.. Enumerable.Range(0, _keyHeads).Select(head => ((head * InputStride) + first, count))];

    /// <summary>
    /// Where each value head of GGUF's order lies: the first of every key head, then the second of every key head, and so on.
    /// </summary>
    private (int, int)[] Heads(int first, int length) =>
        [
            .. Enumerable
                .Range(0, _valueHeads)
                .Select(head => (first + (((head % _keyHeads * (_valueHeads / _keyHeads)) + (head / _keyHeads)) * length), length)),
        ];

    private static int Length(HuggingFaceConfig config, string name) =>
        config.Length(name) is var length and <= MaxLength
            ? length
            : throw config.Text.Fault(name, $"is {config.Length(name)}; at most {MaxLength} are supported");
}
