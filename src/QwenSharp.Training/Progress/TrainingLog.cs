using System.Text.Json;
using System.Text.Json.Serialization;

namespace QwenSharp.Training;

/// <summary>The steps of a run as lines of JSON.</summary>
internal static partial class TrainingLog
{
    /// <summary>The file's name in the folder of a run.</summary>
    public const string FileName = "log.jsonl";

    /// <summary>One line, without its end.</summary>
    public static string Line(TrainingStep step) => JsonSerializer.Serialize(step, Json.Default.TrainingStep);

    /// <summary>Reads lines.</summary>
    /// <exception cref="JsonException">A line is damaged.</exception>
    public static List<TrainingStep> Parse(string lines) =>
        [
            .. lines
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonSerializer.Deserialize(line, Json.Default.TrainingStep)!),
        ];

    [JsonSerializable(typeof(TrainingStep))]
    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    private sealed partial class Json : JsonSerializerContext;
}
