using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace QwenSharp.Cli.Training;

/// <summary>What is wrong with a configuration file, in the words of the file: .NET's own speak of types of our code.</summary>
internal static class ConfigFault
{
    private const string Unknown = "could not be mapped to any .NET member",
        Missing = "including: ",
        Null = "doesn't allow null",
        SetsNull = "doesn't allow setting null",
        Unfit = "could not be converted to ";

    public static string Describe(JsonException fault)
    {
        string message = fault.Message, key = fault.Path is null or "$" ? "" : fault.Path[2..];
        if (message.Contains(Unknown, StringComparison.Ordinal))
            return $"'{key}' is no key of such a file";
        if (message.StartsWith("Duplicate property", StringComparison.Ordinal))
            return $"'{Quoted(message)}' is there twice{(key.Length == 0 ? "" : $", in '{key}'")}";
        if (message.Contains(SetsNull, StringComparison.Ordinal))
        {
            return $"'{(key.Length == 0 || key.EndsWith(Quoted(message), StringComparison.Ordinal) ? "" : key + ".")}{Quoted(message)}' "
                + "cannot be null";
        }

        if (message.Contains(Null, StringComparison.Ordinal))
            return $"'{key}' cannot be null";
        if (After(message, Missing) is { } names)
            return $"{(key.Length == 0 ? "it" : $"'{key}'")} lacks {names.TrimEnd('.')}";
        if (message.Contains(Unfit, StringComparison.Ordinal))
            return key.Length == 0 ? "it must be an object" : $"'{key}' {Demand(TypeAt(key))}";

        // Text that is not JSON: .NET counts lines and bytes from 0, editors from 1.
        int tail = message.IndexOf(" Path: ", StringComparison.Ordinal);
        tail = tail >= 0 ? tail : message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        return $"line {fault.LineNumber + 1}, column {fault.BytePositionInLine + 1}: it is not JSON: "
            + $"{(tail < 0 ? message : message[..tail]).TrimEnd('.')}";
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

    private static string Quoted(string message) => message.Split('\'') is [_, var name, ..] ? name : "";

    /// <summary>What a key's value is read as; null where the file has no such key.</summary>
    private static Type? TypeAt(string key)
    {
        Type? type = typeof(TrainConfig);
        foreach (string part in key.Split('.'))
        {
            JsonPropertyInfo? property = type is null
                ? null
                : TrainingJson.Default.GetTypeInfo(type)?.Properties.FirstOrDefault(property => property.Name == part.Split('[')[0]);
            if (property is null)
                return null;

            type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        }

        return type;
    }

    private static string Demand(Type? type)
    {
        if (type is null)
            return "has a value of the wrong kind";
        if (type.IsEnum)
            return $"must be one of {string.Join(", ", Enum.GetNames(type).Select(name => name.ToLowerInvariant()))}";
        if (type == typeof(string))
            return "must be text";
        if (type.IsAssignableTo(typeof(IEnumerable<string>)))
            return "must be a list of texts";

        return Type.GetTypeCode(type) switch
        {
            TypeCode.UInt64 => "must be a whole number, 0 or more",
            TypeCode.Int32 => $"must be a whole number up to {int.MaxValue}",
            TypeCode.Int64 => "must be a whole number",
            TypeCode.Single or TypeCode.Double => "must be a number",
            TypeCode.Boolean => "must be true or false",
            _ => "must be an object",
        };
    }
}
