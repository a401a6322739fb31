using System.Text.Json;
using QwenSharp.Formats;

namespace QwenSharp.Cli.Training;

/// <summary>Metadata of a model's file as a configuration file has it.</summary>
internal static class MetadataJson
{
    private const string Sampling = "general.sampling.";

    /// <summary>Numbers of sampling, by their keys: a float even where it is written without a point, and what it may be.</summary>
    private static readonly Dictionary<string, (float Least, float Most)> SamplingFloats = new()
    {
        ["temp"] = (0, 100),
        ["top_p"] = (0, 1),
        ["min_p"] = (0, 1),
        ["penalty_repeat"] = (0.01f, 100),
    };

    /// <summary>A text, a flag, a whole number, or a number with a point as a float.</summary>
    /// <exception cref="InvalidDataException">It is none of them, or cannot be what the key means.</exception>
    public static GgufValue Value(string key, JsonElement value)
    {
        if (
            key.StartsWith(Sampling, StringComparison.Ordinal)
            && SamplingFloats.TryGetValue(key[Sampling.Length..], out (float Least, float Most) range))
        {
            return
                value.ValueKind == JsonValueKind.Number && value.GetSingle() is var number && number >= range.Least && number <= range.Most
                ? number
                : throw new InvalidDataException($"a number from {range.Least} to {range.Most} is expected, not {value.GetRawText()}");
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
            JsonValueKind.Number when value.TryGetInt32(out int whole) => whole,
            JsonValueKind.Number when value.TryGetInt64(out long whole) => whole,
            JsonValueKind.Number when float.IsFinite(value.GetSingle()) => value.GetSingle(),
            _ => throw new InvalidDataException($"a text, a number, true or false is expected, not {value.GetRawText()}"),
        };
    }
}
