using System.Runtime.InteropServices;
using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// The tensors of a Hugging Face folder, module by module, in GGUF's terms. Matrices in F32, F16 and BF16 stay where they lie; vectors
/// become
/// F32, as the layers want them; quantised forms are decoded. A tensor that no module has a place for is refused by its name.
/// </summary>
internal sealed class HuggingFaceWeights
{
    private readonly HuggingFaceConfig _config;
    private readonly HuggingFaceQuantization _quantization;
    private readonly SortedDictionary<string, (int Tensors, long Bytes)> _decoded = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (int Tensors, long Bytes)> _copied = new(StringComparer.Ordinal);
    private readonly List<HuggingFaceWeight> _weights = [];
    private readonly Dictionary<string, SafetensorsTensor> _origins = [];
    private readonly HuggingFaceRecurrent? _recurrent;
    private int _encoderTensors, _misaligned, _centred;

    private HuggingFaceWeights(HuggingFaceConfig config) =>
        (_config, _quantization, _recurrent) = (
            config,
            HuggingFaceQuantization.Read(config.Root),
            config.Family.IsHybrid ? new HuggingFaceRecurrent(config) : null);

    /// <summary>All tensors in the files' order.</summary>
    public IReadOnlyList<HuggingFaceWeight> All => _weights;

    /// <summary>For each, the tensor that it was made of.</summary>
    public IReadOnlyDictionary<string, SafetensorsTensor> Origins => _origins;

    /// <summary>What a reader should know: parts left out, tensors copied.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>What was read as something else than the files say.</summary>
    public List<string> Repairs { get; } = [];

    /// <exception cref="ModelLoadException">A tensor has no place in the model, or is stored in a way that this build cannot
    /// read.</exception>
    public static HuggingFaceWeights Read(HuggingFaceConfig config, SafetensorsModel files)
    {
        HuggingFaceWeights weights = new(config);
        OrderedDictionary<string, HuggingFaceModule> modules = [];
        foreach (SafetensorsTensor tensor in files.Tensors)
        {
            int dot = tensor.Name.LastIndexOf('.');
            string module = tensor.Name[..Math.Max(dot, 0)], parameter = tensor.Name[(dot + 1)..];
            if (!modules.TryGetValue(module, out HuggingFaceModule? parameters))
                modules.Add(module, parameters = new HuggingFaceModule(module));

            parameters.Add(parameter, tensor);
        }

        foreach (HuggingFaceModule module in modules.Values)
            weights.Add(module);

        bool hasHead = weights._weights.Exists(weight => weight.Name == "output.weight");
        if (!config.HasTiedHead && !hasHead && config.IsForEmbedding)
        {
            weights.Notes.Add("There is no lm_head.weight, as a model that embeds texts needs none; the embedding table stands in for it.");
        }
        else if (!config.HasTiedHead && !hasHead)
        {
            throw new ModelLoadException(
                $"Tensor lm_head.weight is missing, and {config.Root.Path} does not tie the head to the embedding table.");
        }

        weights.Summarize();
        return weights;
    }

    private void Add(HuggingFaceModule module)
    {
        if (HuggingFaceNames.IsEncoder(module.Name))
        {
            _encoderTensors += module.Count;
            return;
        }

        // The frequencies of the rotary embedding, which old files carry, follow from the configuration.
        if (module.Name.EndsWith(".rotary_emb", StringComparison.Ordinal))
            return;

        string name = HuggingFaceNames.Find(_config.Family, _config.Layers, module.Name)
            ?? throw new ModelLoadException($"Tensor {module.First} in {module.First.FilePath} has no place in the model.");

        // transformers ignores a head that a checkpoint stores beside the embedding table to which it is tied.
        if (name == "output" && _config.HasTiedHead)
        {
            Notes.Add($"'{module.Name}' is left out: config.json ties the head to the embedding table.");
            return;
        }

        if (module.Take("qweight") is { } words)
        {
            Place(Packed($"{name}.weight", words, module), words);
            LeaveOutEmptyBias(name, module);
        }
        else if (module.Take("weight") is { } weight)
        {
            Place(
                weight.Type == SafetensorsType.F8_E4M3 ? Float8($"{name}.weight", weight, module) : Plain($"{name}.weight", weight),
                weight);
        }

        if (module.Take("bias") is { } bias)
            Place(Plain($"{name}.bias", bias), bias);
        if (_recurrent is not null && module.Take("A_log") is { } rate)
            Place(Plain($"{name}_a", rate).Map(value => -MathF.Exp(value)), rate);
        if (_recurrent is not null && module.Take("dt_bias") is { } step)
            Place(Plain($"{name}_dt.bias", step), step);
        if (module.Take("gate_up_proj") is { } both)
            PlaceExperts(both, [$"{name}_gate", $"{name}_up"], _config.Length("hidden_size"));
        if (module.Take("down_proj") is { } down)
            PlaceExperts(down, [$"{name}_down"], _config.Length("moe_intermediate_size"));

        module.RequireNothingLeft();
    }

    /// <summary>
    /// Some programs for GPTQ give each matrix a bias of zeros, whether the model has one there or not; a bias that is not zero stays, to
    /// be found out of place.
    /// </summary>
    private void LeaveOutEmptyBias(string name, HuggingFaceModule module)
    {
        bool isOwn = _config.Family.HasQkvBias && name[(name.LastIndexOf('.') + 1)..] is "attn_q" or "attn_k" or "attn_v" or "attn_qkv";
        if (!isOwn && module.Take("bias") is { } bias && bias.Bytes(0, checked((int)bias.ByteLength)).ContainsAnyExcept((byte)0))
            module.Add("bias", bias);
    }

    private void Place(HuggingFaceWeight weight, SafetensorsTensor origin)
    {
        // The norms of hybrid families are stored around zero, but for the one that a gate multiplies.
        if (
            _recurrent is not null
            && weight.Name.EndsWith("norm.weight", StringComparison.Ordinal)
            && !weight.Name.EndsWith(".ssm_norm.weight", StringComparison.Ordinal))
        {
            weight = weight.Map(value => value + 1);
        }

        foreach (HuggingFaceWeight placed in _recurrent?.Arrange(weight) ?? [weight])
        {
            if (weight is MappedWeight && placed != weight)
                Count(_copied, "their heads in another order", placed);

            Add(placed, origin);
        }
    }

    /// <summary>
    /// The experts of a layer in one tensor: [experts, out, in], whose matrices are used where they lie; or transposed, [experts, in, out],
    /// which takes
    /// a copy. The outputs are those of each of <paramref name="names"/> in turn. Programs differ in which they save: the lengths tell, and
    /// where they are equal the family.
    /// </summary>
    private void PlaceExperts(SafetensorsTensor tensor, string[] names, int inputs)
    {
        HuggingFaceWeight stack = Plain(names[0], tensor);
        bool isTransposed =
            stack.Shape is [var last, var middle, _] && (last == inputs) != (middle == inputs)
                ? middle == inputs
                : _config.Family.HasTransposedExperts;
        if (stack.Shape.Length != 3 || stack.Shape[isTransposed ? 0 : 1] % names.Length != 0)
            throw new ModelLoadException($"Tensor {tensor} in {tensor.FilePath} has a shape that no stack of experts has.");

        for (int i = 0; i < names.Length; i++)
        {
            if (isTransposed)
            {
                DecodedWeight transposed = HuggingFaceExperts.Transpose($"{names[i]}_exps.weight", stack, i, names.Length);
                Count(_copied, "experts that are stored transposed", transposed);
                Add(transposed, tensor);
            }
            else
            {
                foreach (HuggingFaceWeight expert in HuggingFaceExperts.Split(names[i], stack, tensor, i, names.Length))
                    Add(expert, tensor);
            }
        }
    }

    private void Add(HuggingFaceWeight weight, SafetensorsTensor origin)
    {
        _weights.Add(weight);
        _origins.TryAdd(weight.Name, origin);
    }

    private static void Count(SortedDictionary<string, (int Tensors, long Bytes)> kinds, string kind, HuggingFaceWeight weight)
    {
        (int tensors, long bytes) = kinds.GetValueOrDefault(kind);
        kinds[kind] = (tensors + 1, bytes + weight.DecodedBytes);
    }

    /// <summary>A tensor of floats: a vector becomes F32, anything else stays as it is.</summary>
    private HuggingFaceWeight Plain(string name, SafetensorsTensor tensor)
    {
        TensorType type = tensor.Type switch
        {
            SafetensorsType.F32 => TensorType.F32,
            SafetensorsType.F16 => TensorType.F16,
            SafetensorsType.BF16 => TensorType.BF16,
            _ => throw new ModelLoadException(
                $"Tensor {tensor} in {tensor.FilePath} has a type that this build cannot compute with; F32, F16 and BF16 can stand alone, "
                    + "FP8 needs its scales."
            ),
        };
        long[] shape = [.. tensor.Shape.ToArray().Reverse()];

        // A convolution has one channel a filter; the gate of a shared expert is a matrix of one output, which GGUF takes for a vector.
        if (shape is [var taps, 1, var channels] && name.EndsWith(".ssm_conv1d.weight", StringComparison.Ordinal))
            shape = [taps, channels];
        if (shape is [_, 1] && name.EndsWith("_shexp.weight", StringComparison.Ordinal))
            shape = [shape[0]];
        if (shape.Length is 0 or > 4 || shape.Contains(0))
            throw new ModelLoadException($"Tensor {tensor} in {tensor.FilePath} has a shape that no weight has.");

        if (type != TensorType.F32 && (shape.Length == 1 || name.EndsWith(".ssm_conv1d.weight", StringComparison.Ordinal)))
        {
            return new DecodedWeight(
                name,
                TensorType.F32,
                shape,
                buffer =>
                    Quantization.Dequantize(type, tensor.Bytes(0, checked((int)tensor.ByteLength)), Floats(buffer, tensor.ElementCount)));
        }

        if (tensor.IsAligned)
            return new MappedWeight(tensor.View(name, type, shape));

        _misaligned++;
        return new DecodedWeight(name, type, shape, buffer => Copy(tensor, buffer));
    }

    /// <summary>A matrix in FP8 with block scales.</summary>
    private DecodedWeight Float8(string name, SafetensorsTensor codes, HuggingFaceModule module)
    {
        SafetensorsTensor scales = module.Take("weight_scale_inv")
            ?? throw new ModelLoadException($"Tensor '{module.Name}.weight_scale_inv' is missing; '{codes.Name}' in FP8 needs its scales.");
        (int rows, int columns) = (_quantization.BlockRows, _quantization.BlockColumns);
        if (Float8Matrix.Fault(codes, scales, rows, columns) is { } problem)
            throw new ModelLoadException($"{codes.FilePath}: {problem}.");

        return Decoded(
            "FP8",
            new DecodedWeight(
                name,
                TensorType.F16,
                [codes.Shape[1], codes.Shape[0]],
                buffer => Float8Matrix.Decode(codes, scales, rows, columns, buffer)));
    }

    /// <summary>A matrix of GPTQ or AWQ.</summary>
    private DecodedWeight Packed(string name, SafetensorsTensor words, HuggingFaceModule module)
    {
        if (_quantization.Layout is not { } layout)
            throw new ModelLoadException($"Tensor '{words.Name}' is quantised, and config.json does not say how (quantization_config).");

        PackedMatrix matrix = PackedMatrix.Read(
            layout,
            _quantization.Bits,
            _quantization.GroupSize,
            words,
            module.Require("qzeros", words),
            module.Require("scales", words),
            module.Take("g_idx"),
            _quantization.IsSymmetric);
        if (matrix.HasOtherZeros)
            _centred++;

        return Decoded(
            layout == PackedLayout.Awq ? "AWQ" : "GPTQ",
            new DecodedWeight(name, matrix.Type, [matrix.Inputs, matrix.Outputs], matrix.Decode));
    }

    private DecodedWeight Decoded(string from, DecodedWeight weight)
    {
        Count(_decoded, $"{from} as {weight.Type}", weight);
        return weight;
    }

    private void Summarize()
    {
        if (_centred > 0)
        {
            Repairs.Add(
                $"{_centred} matrices of GPTQ store another zero point than their symmetric quantisation has: read with the one in the "
                    + $"middle, {1 << (_quantization.Bits - 1)}.");
        }

        foreach ((string kind, (int tensors, long bytes)) in _decoded)
        {
            Notes.Add(
                $"{tensors} matrices are decoded when the model is loaded, {kind}: {(bytes + (1 << 20) - 1) >> 20} MiB of memory beside "
                    + "the files."
            );
        }

        foreach ((string kind, (int tensors, long bytes)) in _copied)
        {
            Notes.Add(
                $"{tensors} tensors are copied when the model is loaded, {kind}: {(bytes + (1 << 20) - 1) >> 20} MiB of memory "
                    + "beside the files."
            );
        }

        if (_encoderTensors > 0)
            Notes.Add($"{_encoderTensors} tensors of an encoder for images or sound are left out: the text part runs alone.");
        if (_misaligned > 0)
            Notes.Add($"{_misaligned} tensors do not lie at a multiple of their element's size and are copied.");
    }

    private static void Copy(SafetensorsTensor tensor, NativeBuffer buffer)
    {
        const int segment = 16 << 20;
        for (long at = 0; at < tensor.ByteLength; at += segment)
        {
            int length = (int)Math.Min(segment, tensor.ByteLength - at);
            tensor.Bytes(at, length).CopyTo(buffer.Span(at, length));
        }
    }

    private static Span<float> Floats(NativeBuffer buffer, long count) =>
        MemoryMarshal.Cast<byte, float>(buffer.Span(0, checked((int)count * sizeof(float))));
}
