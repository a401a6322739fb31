using System.Text.Json;
using QwenSharp.Training;

namespace QwenSharp.Cli.Training;

/// <summary>What is wrong with a configuration file, in the words of the file: .NET's own speak of types of our code.</summary>
internal static class ConfigFault
{
    private const string Unknown = "could not be mapped to any .NET member", Missing = "including: ", Null = "doesn't allow null", Unfit = "could not be converted to ";

    public static string Describe(JsonException fault)
    {
        string message = fault.Message, key = fault.Path is null or "$" ? "" : fault.Path[2..];
        if (message.Contains(Unknown, StringComparison.Ordinal))
            return $"'{key}' is no key of such a file";
        if (message.Contains(Null, StringComparison.Ordinal))
            return $"'{key}' cannot be null";
        if (After(message, Missing) is { } names)
            return $"{(key.Length == 0 ? "it" : $"'{key}'")} lacks {names.TrimEnd('.')}";
        if (After(message, Unfit) is { } type)
            return key.Length == 0 ? "it must be an object" : $"'{key}' {Demand(type)}";

        // Text that is not JSON: .NET counts lines and bytes from 0, editors from 1.
        int tail = message.IndexOf(" Path: ", StringComparison.Ordinal);
        tail = tail >= 0 ? tail : message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        return $"line {fault.LineNumber + 1}, column {fault.BytePositionInLine + 1}: it is not JSON: {(tail < 0 ? message : message[..tail]).TrimEnd('.')}";
    }

    private static string? After(string message, string mark)
    {
        int at = message.IndexOf(mark, StringComparison.Ordinal);
        if (at < 0)
            return null;

        string rest = message[(at + mark.Length)..];
        int end = rest.IndexOf(" Path: ", StringComparison.Ordinal);
        return end < 0 ? rest : rest[..end];
    }

    private static string Demand(string type)
    {
        bool Names(string name) => type.Contains(name, StringComparison.Ordinal);
        return Names("UInt64") ? "must be a whole number, 0 or more"
            : Names("Int32") || Names("Int64") ? "must be a whole number"
            : Names("Double") || Names("Single") ? "must be a number"
            : Names("Boolean") ? "must be true or false"
            : Names("List") ? "must be a list of texts"
            : Names("String") ? "must be text"
            : Names(nameof(OptimizerKind)) ? $"must be one of {OneOf<OptimizerKind>()}"
            : Names(nameof(LearningRateDecay)) ? $"must be one of {OneOf<LearningRateDecay>()}"
            : "has a value of the wrong kind";
    }

    private static string OneOf<T>()
        where T : struct, Enum => string.Join(", ", Enum.GetNames<T>().Select(name => name.ToLowerInvariant()));
}
