using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>
/// All that a run needs to go on as if it had never stopped: weights, moments, the steps so far, and the settings it was begun with.
/// One safetensors file that is replaced as a whole, so that a run that is killed at any moment has its last checkpoint.
/// </summary>
internal static partial class TrainingCheckpoint
{
    /// <summary>The file's name in the folder of a run.</summary>
    public const string FileName = "checkpoint.safetensors";

    private const string Remedy = "Choose another folder, or remove this file to begin anew.";
    private const string StepsKey = "steps", SettingsKey = "settings", MeanSuffix = "/mean", VarianceSuffix = "/variance";

    /// <summary>Writes a checkpoint in place of the one before.</summary>
    /// <exception cref="IOException">The disk is full, or the file cannot be written; the one before is still there.</exception>
    public static void Save(
        string path,
        IEnumerable<Parameter> parameters,
        IReadOnlyCollection<TrainingStep> steps,
        IReadOnlyDictionary<string, string> settings)
    {
        SafetensorsWriter writer = new();

        // A tensor, as the header is for a few words only, and a long run has many steps.
        byte[] log = Encoding.UTF8.GetBytes(string.Join('\n', steps.Select(TrainingLog.Line)));
        writer.Add(StepsKey, SafetensorsType.U8, [log.Length], log);
        writer.AddMetadata(SettingsKey, JsonSerializer.Serialize(settings, SettingsJson.Default.IReadOnlyDictionaryStringString));
        foreach (Parameter parameter in parameters)
        {
            foreach ((string name, HostActivations values) in Parts(parameter))
            {
                writer.Add(name, SafetensorsType.F32, [values.Capacity, values.Width], stream =>
                {
                    for (int row = 0; row < values.Capacity; row++)
                        stream.Write(MemoryMarshal.AsBytes(values.Row(row)));
                });
            }
        }

        writer.Save(path);
    }

    /// <summary>Reads a checkpoint back into a model.</summary>
    /// <returns>The steps so far.</returns>
    /// <exception cref="InvalidDataException">It belongs to a run with other settings, the message names the first; or it is damaged, or
    /// another model's.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static List<TrainingStep> Load(string path, IEnumerable<Parameter> parameters, IReadOnlyDictionary<string, string> settings)
    {
        using SafetensorsFile file = Open(path);
        List<TrainingStep> steps;
        try
        {
            RequireSame(path, SettingsOf(file), settings);
            SafetensorsTensor log =
                file.TryGetTensor(StepsKey, out SafetensorsTensor? found)
                && found.Type == SafetensorsType.U8
                && found.ByteLength <= int.MaxValue
                    ? found
                    : throw new KeyNotFoundException(StepsKey);
            steps = TrainingLog.Parse(Encoding.UTF8.GetString(log.Bytes(0, (int)log.ByteLength)));
        }
        catch (Exception damage) when (damage is JsonException or KeyNotFoundException)
        {
            throw Damaged(path, damage);
        }

        foreach (Parameter parameter in parameters)
        {
            foreach ((string name, HostActivations values) in Parts(parameter))
                Read(path, file, name, values);
        }

        return steps;
    }

    /// <summary>Reads the settings that a checkpoint's run was begun with.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> SettingsOf(string path)
    {
        using SafetensorsFile file = Open(path);
        try
        {
            return SettingsOf(file);
        }
        catch (Exception damage) when (damage is JsonException or KeyNotFoundException)
        {
            throw Damaged(path, damage);
        }
    }

    /// <summary>Removes what a process that was killed while it wrote a checkpoint has left.</summary>
    public static void RemoveUnfinished(string folder)
    {
        foreach (string partial in Directory.EnumerateFiles(folder, FileName + ".*.partial"))
            File.Delete(partial);
    }

    private static Dictionary<string, string> SettingsOf(SafetensorsFile file) =>
        JsonSerializer.Deserialize(file.Metadata[SettingsKey], SettingsJson.Default.DictionaryStringString)!;

    private static InvalidDataException Damaged(string path, Exception damage) =>
        new($"{path} is not a checkpoint of a training run, or is damaged. {Remedy}", damage);

    private static SafetensorsFile Open(string path)
    {
        try
        {
            return SafetensorsFile.Open(path);
        }
        catch (SafetensorsException damage)
        {
            throw new InvalidDataException($"{damage.Message.TrimEnd('.')}. {Remedy}", damage);
        }
    }

    private static (string, HostActivations)[] Parts(Parameter parameter) =>
        [
            (parameter.Name, parameter.Value),
            (parameter.Name + MeanSuffix, parameter.Mean),
            (parameter.Name + VarianceSuffix, parameter.Variance),
        ];

    private static void Read(string path, SafetensorsFile file, string name, HostActivations values)
    {
        if (
            !file.TryGetTensor(name, out SafetensorsTensor? tensor)
            || tensor.Type != SafetensorsType.F32
            || !tensor.Shape.SequenceEqual([values.Capacity, values.Width]))
        {
            throw new InvalidDataException(
                $"{path} has no tensor '{name}' of [{values.Capacity}, {values.Width}] F32: it is another model's checkpoint. {Remedy}");
        }

        long rowBytes = (long)values.Width * sizeof(float);
        for (int row = 0; row < values.Capacity; row++)
            tensor.Bytes(row * rowBytes, (int)rowBytes).CopyTo(MemoryMarshal.AsBytes(values.Row(row)));
    }

    private static void RequireSame(string path, Dictionary<string, string> before, IReadOnlyDictionary<string, string> now)
    {
        // A setting that came with a later version is left out where it has the value of before.
        foreach (string setting in before.Keys.Union(now.Keys))
        {
            (string? was, string? @is) = (before.GetValueOrDefault(setting), now.GetValueOrDefault(setting));
            if (was != @is)
            {
                throw new InvalidDataException(
                    $"{path} belongs to a run with other settings: '{setting}' was {was ?? "not set"}, and is {@is ?? "not set"}. {Remedy}"
                );
            }
        }
    }

    [JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
    [JsonSerializable(typeof(Dictionary<string, string>))]
    private sealed partial class SettingsJson : JsonSerializerContext;
}
