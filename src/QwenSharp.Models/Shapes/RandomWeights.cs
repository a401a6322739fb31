using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// Makes a model of any shape without a checkpoint: each tensor that the family asks for is made on the spot.
/// Large matrices repeat a random pattern, so that gigabytes are filled at the speed of memory.
/// </summary>
public sealed class RandomWeights : IWeightSource
{
    private const int PatternBytes = 1 << 20;
    private const int SegmentBytes = 16 << 20;

    private readonly ModelConfig _config;
    private readonly WeightMix _mix;
    private readonly Random _random;
    private readonly Dictionary<(TensorType, long), byte[]> _patterns = [];
    private readonly List<Tensor> _tensors = [];

    private RandomWeights(ModelConfig config, WeightMix mix, int seed) => (_config, _mix, _random) = (config, mix, new Random(seed));

    /// <summary>Makes a model.</summary>
    /// <param name="config">Its shape.</param>
    /// <param name="mix">The types of its weights.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    public static LanguageModel CreateModel(ModelConfig config, WeightMix mix, int seed = 0) =>
        new(config, new RandomWeights(config, mix, seed));

    /// <summary>Makes the tensors of a model, under their GGUF names.</summary>
    /// <param name="config">Its shape.</param>
    /// <param name="mix">The types of its weights.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    public static IReadOnlyList<Tensor> Create(ModelConfig config, WeightMix mix, int seed = 0)
    {
        RandomWeights weights = new(config, mix, seed);
        _ = new LanguageModel(config, weights);
        return weights._tensors;
    }

    /// <summary>
    /// Writes a model of random weights as a GGUF file, with a vocabulary of bytes and made-up words so that any engine loads it.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="config">The model's shape.</param>
    /// <param name="mix">The types of its weights.</param>
    /// <param name="seed">The same seed gives the same file.</param>
    /// <exception cref="ArgumentException">The vocabulary is too small for one token a byte.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, ModelConfig config, WeightMix mix, int seed = 0)
    {
        GgufWriter writer = new();
        ConfigWriter.Write(config, writer);
        writer.Add("general.name", $"random {config.Architecture} {mix.Name}")
            .Add("general.file_type", (uint)mix.FileType)
            .Add("general.quantization_version", 2u);
        RandomVocabulary.Write(config.VocabularySize, writer);
        foreach (Tensor tensor in Create(config, mix, seed))
            writer.AddTensor(tensor);

        writer.Save(path);
    }

    bool IWeightSource.Has(string name) => false;

    void IWeightSource.RequireNothingLeft()
    {
    }

    Tensor IWeightSource.Take(string name, ReadOnlySpan<long> shape)
    {
        Tensor tensor = shape.Length == 1 ? MakeVector(name, (int)shape[0]) : MakeMatrix(name, shape);
        _tensors.Add(tensor);
        return tensor;
    }

    private Tensor MakeVector(string name, int length)
    {
        byte[] data = new byte[length * sizeof(float)];
        RandomBlocks.Fill(TensorType.F32, data, 0.2f, _random);
        if (name.EndsWith("norm.weight", StringComparison.Ordinal))
        {
            foreach (ref float value in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(data.AsSpan()))
                value += 1;
        }

        // What a recurrent state is multiplied by must stay below 1: its rate is negative.
        if (name.EndsWith(".ssm_a", StringComparison.Ordinal))
        {
            foreach (ref float value in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(data.AsSpan()))
                value = -0.01f - Math.Abs(value);
        }

        return Tensor.Copy(name, TensorType.F32, [length], data);
    }

    private Tensor MakeMatrix(string name, ReadOnlySpan<long> shape)
    {
        TensorType type = _mix.TypeOf(_config, name, shape[0]);
        byte[] pattern = Pattern(type, shape[0]);
        long bytes = type.Bytes(shape[0] * shape[1] * (shape.Length > 2 ? shape[2] : 1));
        NativeBuffer buffer = new(bytes);

        // Each tensor begins elsewhere in the pattern, so that no two are alike.
        int blockBytes = type.BlockBytes();
        long start = _random.NextInt64(pattern.Length / blockBytes) * blockBytes;
        Parallel.For(0, (bytes + SegmentBytes - 1) / SegmentBytes, segment =>
        {
            long from = segment * SegmentBytes, to = Math.Min(bytes, from + SegmentBytes);
            for (long at = from; at < to;)
            {
                int offset = (int)((start + at) % pattern.Length);
                int length = (int)Math.Min(to - at, pattern.Length - offset);
                pattern.AsSpan(offset, length).CopyTo(buffer.Span(at, length));
                at += length;
            }
        });
        return Tensor.Over(name, type, shape, buffer);
    }

    /// <summary>
    /// Whole blocks whose elements have a deviation of 1 / √columns: products of normalised rows then have one of about 1.
    /// </summary>
    private byte[] Pattern(TensorType type, long columns)
    {
        if (!_patterns.TryGetValue((type, columns), out byte[]? pattern))
        {
            pattern = new byte[PatternBytes / type.BlockBytes() * type.BlockBytes()];
            RandomBlocks.Fill(type, pattern, 1 / MathF.Sqrt(columns), _random);
            _patterns.Add((type, columns), pattern);
        }

        return pattern;
    }
}
