using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>Finds or makes each weight of a model by its GGUF name, trained or frozen.</summary>
internal sealed class WeightWiring
{
    private readonly Dictionary<string, Tensor>? _weights;
    private readonly HashSet<string> _taken = [];
    private readonly bool _isFrozen;
    private readonly ulong _seed;
    private readonly double _residualDeviation;

    /// <summary>Random weights.</summary>
    public WeightWiring(ModelConfig config, ulong seed) => (_seed, _residualDeviation) = (seed, 0.02 / Math.Sqrt(2.0 * config.Layers));

    /// <summary>A checkpoint's weights.</summary>
    public WeightWiring(IEnumerable<Tensor> weights, bool isFrozen, ulong seed = 0)
    {
        _weights = weights.ToDictionary(tensor => tensor.Name);
        (_isFrozen, _seed) = (isFrozen, seed);
        if (_weights.Keys.FirstOrDefault(name => name.EndsWith(".scale", StringComparison.Ordinal)) is { } scale)
        {
            throw new ModelLoadException(
                $"Tensor '{scale}' scales a whole matrix, as files in 4-bit floats have it; such a model cannot be trained here. Convert "
                    + "it to another type first."
            );
        }
    }

    /// <summary>
    /// Refuses a checkpoint that has weights which the model here has no place for: its gradients would be another model's.
    /// </summary>
    /// <exception cref="ModelLoadException">The message names one.</exception>
    public void RequireNothingLeft()
    {
        // The head of a reranker stands beside the model.
        if (_weights?.Keys.Except(_taken).FirstOrDefault(name => !name.StartsWith("cls.", StringComparison.Ordinal)) is { } left)
            throw new ModelLoadException($"Tensor '{left}' is no part of the models that can be trained.");
    }

    /// <summary>What is trained, in the order it was asked for.</summary>
    public List<Parameter> Parameters { get; } = [];

    /// <summary>A matrix of shape [inputs, outputs].</summary>
    public (Tensor Weight, Parameter? Trained) Matrix(string name, int inputs, int outputs, bool addsToResidual = false) =>
        Take(name, inputs, outputs, parameter => parameter.Draw(addsToResidual ? _residualDeviation : 0.02, SeedOf(name)));

    /// <summary>The weight of a norm.</summary>
    public TrainedNorm Norm(string name, int length)
    {
        (Tensor weight, Parameter? trained) = Take(name, length, 1, parameter => parameter.Value.Row(0).Fill(1));
        return new TrainedNorm(weight, trained);
    }

    /// <summary>NAME.weight, and NAME.bias where it has one.</summary>
    public TrainedLinear Linear(string name, int inputs, int outputs, bool hasBias, bool addsToResidual = false)
    {
        (Tensor weight, Parameter? trained) = Matrix(name + ".weight", inputs, outputs, addsToResidual);
        (Tensor? bias, Parameter? trainedBias) = hasBias ? Take(name + ".bias", outputs, 1, _ => { }) : (null, null);
        return new TrainedLinear(weight, bias) { Trained = trained, TrainedBias = trainedBias };
    }

    /// <summary>One decoder layer.</summary>
    public DecoderBlock Block(ModelConfig config, int layer, LoraOptions? lora)
    {
        string prefix = $"blk.{layer}.";
        TrainedNorm mixerNorm = Norm(prefix + "attn_norm.weight", config.Width);
        TrainedLinear[] matrices = [.. BlockMatrices.All.Select(matrix => Linear(config, prefix, matrix, lora))];
        TrainedNorm? queryNorm = config.HasQkNorm ? Norm(prefix + "attn_q_norm.weight", config.HeadLength) : null;
        TrainedNorm? keyNorm = config.HasQkNorm ? Norm(prefix + "attn_k_norm.weight", config.HeadLength) : null;
        return new DecoderBlock(config, matrices, mixerNorm, Norm(prefix + "ffn_norm.weight", config.Width), queryNorm, keyNorm);
    }

    private TrainedLinear Linear(ModelConfig config, string prefix, BlockMatrix matrix, LoraOptions? lora)
    {
        (int inputs, int outputs) = BlockMatrices.WidthsOf(matrix, config);
        string name = prefix + matrix.GgufName();
        bool hasBias = config.HasQkvBias && matrix is BlockMatrix.Query or BlockMatrix.Key or BlockMatrix.Value;
        TrainedLinear linear = Linear(name, inputs, outputs, hasBias, addsToResidual: matrix is BlockMatrix.Output or BlockMatrix.Down);
        return lora?.Targets.Contains(matrix) == true ? linear with { Lora = Pair(name + ".weight", inputs, outputs, lora) } : linear;
    }

    private TrainedPair Pair(string name, int inputs, int outputs, LoraOptions lora)
    {
        // A as PEFT draws it: of the variance of U(−1/√in, 1/√in). B is zero.
        Parameter down = new(name + Parameter.LoraDown, inputs, lora.Rank), up = new(name + ".lora_b", lora.Rank, outputs);
        down.Draw(1 / Math.Sqrt(3.0 * inputs), SeedOf(down.Name));
        Parameters.Add(down);
        Parameters.Add(up);
        return new TrainedPair(down, up, lora.Scale, lora.Dropout, SeedOf(up.Name));
    }

    private (Tensor Weight, Parameter? Trained) Take(string name, int inputs, int outputs, Action<Parameter> initialize)
    {
        Tensor? stored = null;
        _taken.Add(name);
        if (_weights is not null)
        {
            stored = _weights.GetValueOrDefault(name) ?? throw new ModelLoadException($"Tensor '{name}' is missing.");
            if (stored.Columns != inputs || stored.Rows != outputs)
                throw new ModelLoadException($"Tensor {stored} should have the shape [{inputs}, {outputs}].");
        }

        if (_isFrozen)
            return (stored!, null);

        Parameter parameter = new(name, inputs, outputs);
        if (stored is null)
            initialize(parameter);
        else
            parameter.Assign(stored);

        Parameters.Add(parameter);
        return (parameter.Weight, parameter);
    }

    // FNV-1a of the name: a weight is drawn alike whatever else the model has.
    private ulong SeedOf(string name)
    {
        ulong hash = 0xCBF29CE484222325 ^ _seed;
        foreach (char letter in name)
            hash = (hash ^ letter) * 0x100000001B3;

        return StableHash.Mix(hash);
    }
}
