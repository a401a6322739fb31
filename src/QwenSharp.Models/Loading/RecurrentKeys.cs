using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>Which layers are recurrent, and their lengths, in GGUF's keys for state-space models.</summary>
internal static class RecurrentKeys
{
    private const int DefaultInterval = 4;

    /// <exception cref="ModelLoadException">The layers do not follow a pattern, or lengths do not fit each other.</exception>
    /// <exception cref="GgufException">A key is missing or of another type.</exception>
    public static RecurrentLayers Read(GgufMetadata metadata, Family family, int layers)
    {
        int Ssm(string name) => metadata.GetInt32($"{family.Architecture}.ssm.{name}");
        int valueHeads = Ssm("time_step_rank"), valueWidth = Ssm("inner_size");
        if (valueHeads < 1 || valueWidth % valueHeads != 0)
        {
            throw new ModelLoadException(
                $"Metadata '{family.Architecture}.ssm.inner_size' is {valueWidth}: not a multiple of the {valueHeads} value heads in "
                    + "'ssm.time_step_rank'."
            );
        }

        DeltaNetShape shape = new(Ssm("group_count"), valueHeads, Ssm("state_size"), valueWidth / valueHeads, Ssm("conv_kernel"))
        {
            HasAlternatingKeyHeads = family.HasAlternatingKeyHeads,
        };
        return new RecurrentLayers(shape, ReadInterval(metadata, family.Architecture, layers));
    }

    public static void Write(RecurrentLayers recurrent, string architecture, GgufWriter writer)
    {
        DeltaNetShape shape = recurrent.Shape;
        string prefix = architecture + ".";
        writer.Add(prefix + "ssm.conv_kernel", (uint)shape.Taps)
            .Add(prefix + "ssm.state_size", (uint)shape.KeyLength)
            .Add(prefix + "ssm.group_count", (uint)shape.KeyHeads)
            .Add(prefix + "ssm.time_step_rank", (uint)shape.ValueHeads)
            .Add(prefix + "ssm.inner_size", (uint)shape.ValueWidth)
            .Add(prefix + "full_attention_interval", (uint)recurrent.AttentionInterval);
    }

    // A file may say it layer by layer instead; published models all follow a pattern.
    private static int ReadInterval(GgufMetadata metadata, string architecture, int layers)
    {
        string key = architecture + ".attention.recurrent_layers";
        int interval = metadata.TryGetInt32(architecture + ".full_attention_interval", out int stated) ? stated : DefaultInterval;
        if (!metadata.TryGetValue(key, out GgufValue? value))
            return interval;

        bool[] recurrent =
            value.TryGetBools(out bool[]? flags) ? flags
            : value.TryGetIntegers(out long[]? numbers) ? [.. numbers.Select(number => number != 0)]
            : throw new ModelLoadException($"Metadata '{key}' is {value}; it must say of each layer whether it is recurrent.");
        interval = Array.IndexOf(recurrent, false) + 1;
        if (
            recurrent.Length < layers
            || interval == 0
            || recurrent.Select((isRecurrent, layer) => isRecurrent == (layer < layers && (layer + 1) % interval != 0)).Contains(false))
        {
            throw new ModelLoadException(
                $"Metadata '{key}' is {value}; this build needs attention in every n-th of the {layers} layers and no other.");
        }

        return interval;
    }
}
