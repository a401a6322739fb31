using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>Which layers of a hybrid decoder carry a recurrent state in place of attention, and their lengths.</summary>
/// <param name="Shape">The lengths of a Gated DeltaNet layer.</param>
/// <param name="AttentionInterval">Every so many layers the last one has attention, and the others are recurrent.</param>
public sealed record RecurrentLayers(DeltaNetShape Shape, int AttentionInterval)
{
    /// <summary>Whether a layer is recurrent.</summary>
    public bool Contains(int layer) => (layer + 1) % AttentionInterval != 0;

    /// <summary>How many of the first <paramref name="layers"/> layers are recurrent.</summary>
    public int Count(int layers) => layers - (layers / AttentionInterval);

    internal void Validate(int layers)
    {
        DeltaNetShape shape = Shape;
        foreach (
            (int value, string name) in ((int, string)[])
                [
                    (shape.KeyHeads, "key heads"),
                    (shape.ValueHeads, "value heads"),
                    (shape.KeyLength, "key length"),
                    (shape.ValueLength, "value length"),
                    (shape.Taps, "convolution kernel"),
                ])
        {
            if (value is < 1 or > 1 << 16)
                throw new ModelLoadException($"The {name} of the recurrent layers: {value}; 1 to {1 << 16} are allowed.");
        }

        if (shape.ValueHeads % shape.KeyHeads != 0)
        {
            throw new ModelLoadException(
                $"{shape.ValueHeads} value heads of the recurrent layers cannot share {shape.KeyHeads} key heads evenly.");
        }

        if ((2L * shape.KeyHeads * shape.KeyLength) + ((long)shape.ValueHeads * shape.ValueLength) > 1 << 24)
            throw new ModelLoadException($"Recurrent layers of {shape} are wider than this build supports.");
        if (AttentionInterval < 2 || AttentionInterval > layers)
        {
            throw new ModelLoadException(
                $"Attention every {AttentionInterval} layers is not a hybrid of {layers} layers: it must be 2 to {layers}.");
        }
    }
}
