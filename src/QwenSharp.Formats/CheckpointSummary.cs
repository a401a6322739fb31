using System.Text.Json.Nodes;
using QwenSharp.Numerics;

namespace QwenSharp.Formats;

/// <summary>What a model's files contain, short enough to read: long texts and arrays of the metadata are abbreviated.</summary>
/// <param name="Files">The paths of its files.</param>
/// <param name="Bytes">The size of all files.</param>
/// <param name="Format">The name of the format and its version.</param>
/// <param name="Architecture"><c>general.architecture</c>, or null where the file has none.</param>
/// <param name="Name"><c>general.name</c>, or null where the file has none.</param>
/// <param name="Parameters">The number of elements of all tensors.</param>
/// <param name="BitsPerWeight">Stored bits for each parameter; 0 where there are no tensors.</param>
/// <param name="Types">The storage types, the one with the most bytes first.</param>
/// <param name="Tensors">All tensors, in the file's order.</param>
/// <param name="Metadata">All metadata, in the file's order.</param>
public sealed record CheckpointSummary(
    IReadOnlyList<string> Files,
    long Bytes,
    string Format,
    string? Architecture,
    string? Name,
    long Parameters,
    double BitsPerWeight,
    IReadOnlyList<TypeSummary> Types,
    IReadOnlyList<TensorSummary> Tensors,
    IReadOnlyList<MetadataSummary> Metadata)
{
    /// <summary>Describes a model that has no files.</summary>
    /// <param name="format">What stands in place of a format.</param>
    /// <param name="architecture">Its family, by GGUF's name.</param>
    /// <param name="name">Its name.</param>
    /// <param name="tensors">Its tensors, with data or without.</param>
    public static CheckpointSummary Of(string format, string architecture, string name, IReadOnlyCollection<Tensor> tensors)
    {
        long parameters = tensors.Sum(tensor => tensor.ElementCount);
        long bytes = tensors.Sum(tensor => tensor.ByteLength);
        return new CheckpointSummary(
            [],
            bytes,
            format,
            architecture,
            name,
            parameters,
            BitsOf(bytes, parameters),
            TypesOf(tensors),
            Describe(tensors),
            []);
    }

    /// <summary>Describes a model. Consumes none of its keys or tensors.</summary>
    /// <param name="file">The model.</param>
    /// <param name="maxElements">Elements of a metadata array to show.</param>
    /// <param name="maxCharacters">Characters of a metadata text to show.</param>
    public static CheckpointSummary Of(Checkpoint file, int maxElements = 8, int maxCharacters = 200)
    {
        long parameters = file.Tensors.Sum(tensor => tensor.ElementCount);
        long tensorBytes = file.Tensors.Sum(tensor => tensor.ByteLength);
        return new CheckpointSummary(
            file.Files,
            file.ByteLength,
            file.Format,
            Text(file, "general.architecture"),
            Text(file, "general.name"),
            parameters,
            BitsOf(tensorBytes, parameters),
            TypesOf(file.Tensors),
            Describe(file.Tensors),
            [
                .. file.Metadata.Select(entry => new MetadataSummary(
                    entry.Key,
                    TypeName(entry.Value),
                    entry.Value.ToJson(maxElements, maxCharacters))),
            ]);
    }

    private static double BitsOf(long bytes, long parameters) => parameters == 0 ? 0 : 8.0 * bytes / parameters;

    private static TypeSummary[] TypesOf(IEnumerable<Tensor> tensors) =>
        [.. tensors.GroupBy(tensor => tensor.Type).Select(TypeSummary.Of).OrderByDescending(type => type.Bytes).ThenBy(type => type.Type)];

    private static TensorSummary[] Describe(IEnumerable<Tensor> tensors) =>
        [.. tensors.Select(tensor => new TensorSummary(tensor.Name, tensor.Type, tensor.Shape.ToArray(), tensor.ByteLength))];

    private static string? Text(Checkpoint file, string key) =>
        file.Metadata.FirstOrDefault(entry => entry.Key == key).Value is GgufValue value && value.TryGetString(out string? text)
            ? text
            : null;

    private static string TypeName(GgufValue value) =>
        value.ElementType is GgufValueType elementType ? $"{elementType}[{value.Count}]" : value.Type.ToString();
}

/// <summary>The share of one storage type in a model.</summary>
/// <param name="Type">The storage type.</param>
/// <param name="Tensors">How many tensors have it.</param>
/// <param name="Parameters">The number of their elements.</param>
/// <param name="Bytes">The size of their data.</param>
public sealed record TypeSummary(TensorType Type, int Tensors, long Parameters, long Bytes)
{
    internal static TypeSummary Of(IGrouping<TensorType, Tensor> tensors) => new(
        tensors.Key, tensors.Count(), tensors.Sum(tensor => tensor.ElementCount), tensors.Sum(tensor => tensor.ByteLength));
}

/// <summary>One tensor of a model.</summary>
/// <param name="Name">Its name in the checkpoint.</param>
/// <param name="Type">How its elements are stored.</param>
/// <param name="Shape">Lengths of its dimensions, the contiguous one first.</param>
/// <param name="Bytes">The size of its data.</param>
public sealed record TensorSummary(string Name, TensorType Type, IReadOnlyList<long> Shape, long Bytes);

/// <summary>One metadata entry of a model.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Type">Its type, such as <c>UInt32</c> or <c>String[151936]</c>.</param>
/// <param name="Value">The value, abbreviated as <see cref="GgufValue.ToJson"/> does.</param>
public sealed record MetadataSummary(string Key, string Type, JsonNode Value);
