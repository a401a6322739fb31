using System.CommandLine;
using System.Numerics;

namespace QwenSharp.Cli.Options;

/// <summary>Options and arguments whose values are checked while the command line is parsed.</summary>
internal static class Values
{
    /// <summary>The path of a model, or the name of one that was pulled.</summary>
    public static Argument<string> Model(string description = "A GGUF file (any file of a split model) or a Hugging Face folder.") =>
        new("MODEL") { Description = $"{description} Or the name of a pulled model: see 'qwensharp list'." };

    /// <summary>A number in a range, with a value for when it is absent.</summary>
    public static Option<T> Number<T>(string name, T least, T most, string description, T otherwise)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        Option<T> option = new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => otherwise };
        Check(option, value => value >= least && value <= most, Demand(least, most));
        return option;
    }

    /// <summary>A number in a range, or null when it is absent.</summary>
    public static Option<T?> Optional<T>(string name, T least, T most, string description)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        Option<T?> option = new(name) { Description = description, HelpName = "N" };
        Check(option, value => value is { } number && number >= least && number <= most, Demand(least, most));
        return option;
    }

    /// <summary>Machine-readable output.</summary>
    public static Option<bool> Json(string description) => new("--json") { Description = description };

    /// <summary>Adds a demand that a given value must meet.</summary>
    public static void Check<T>(Option<T> option, Func<T?, bool> holds, string demand) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count > 0 && !Holds(() => result.GetValueOrDefault<T>(), holds))
            result.AddError($"{option.Name} {demand}, not '{result.Tokens[^1].Value}'.");
    });

    private static bool Holds<T>(Func<T?> read, Func<T?, bool> holds)
    {
        try
        {
            return holds(read());
        }
        catch (InvalidOperationException)
        {
            // The parser's way to say that the text is no value of the type.
            return false;
        }
    }

    private static string Demand<T>(T least, T most)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        // Integers have no half.
        string number = T.One / (T.One + T.One) == T.Zero ? "whole number" : "number";
        return (least > T.MinValue, most < T.MaxValue) switch
        {
            (true, true) => $"must be a {number} from {least} to {most}",
            (true, false) => $"must be a {number} of at least {least}",
            _ => $"must be a {number}",
        };
    }
}
