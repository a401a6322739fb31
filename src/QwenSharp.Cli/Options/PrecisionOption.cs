using System.CommandLine;
using System.CommandLine.Parsing;
using QwenSharp.Numerics;

namespace QwenSharp.Cli.Options;

/// <summary><c>--precision</c>: what the matrix products of training multiply.</summary>
internal static class PrecisionOption
{
    private static readonly string[] Names = [.. Enum.GetNames<TrainingPrecision>().Select(name => name.ToLowerInvariant())];

    public static Option<string> Create(
        string description = "What matrix products multiply; bf16 is faster where the processor has it (AVX512_BF16)."
    ) => Values.Choice("--precision", description, Names);

    public static TrainingPrecision Read(ParseResult parsed, Option<string> option) =>
        Enum.Parse<TrainingPrecision>(parsed.GetValue(option)!, ignoreCase: true);
}
