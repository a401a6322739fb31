using System.Text.Json;
using QwenSharp.Formats;

namespace QwenSharp.Cli.Training;

/// <summary>Metadata of a model's file as a configuration file has it.</summary>
internal static class MetadataJson
{
    /// <summary>A text, a flag, a whole number, or a number with a point as a float.</summary>
    /// <exception cref="InvalidDataException">It is none of them, or cannot be what the key means.</exception>
    public static GgufValue Value(string key, JsonElement value)
    {
        if (SamplingSetting.All.FirstOrDefault(setting => setting.Key == key) is { } setting)
        {
            if (value.ValueKind != JsonValueKind.Number)
                throw new InvalidDataException($"a number is expected, not {value.GetRawText()}");

            SamplingReading reading = setting.Read(value.GetDouble());
            return reading.Fault is null ? setting.Store(reading.Value) : throw new InvalidDataException($"it {reading.Fault}");
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
