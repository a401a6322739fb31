using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace QwenSharp.Cli.Options;

/// <summary>Options and arguments whose values are checked while the command line is parsed.</summary>
internal static class Values
{
    /// <summary>The path of a model, or the name of one that was pulled.</summary>
    public static Argument<string> Model(string description = "A GGUF file (any file of a split model) or a Hugging Face folder.") =>
        new("MODEL") { Description = $"{description} Or the name of a pulled model: see 'qwensharp list'." };

    /// <summary>As <see cref="Model"/>, or nothing for the model in the box.</summary>
    public static Argument<string?> ModelOrBox() =>
        new("MODEL")
        {
            Description =
                "A GGUF file (any file of a split model), a Hugging Face folder, or the name of a pulled model; 'box', or nothing, for "
                    + "the small model that comes with the program.",
            Arity = ArgumentArity.ZeroOrOne,
        };

    /// <summary>A number in a range, with a value for when it is absent.</summary>
    public static Option<T> Number<T>(string name, T least, T most, string description, T otherwise)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        return new Option<T>(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => otherwise,
            CustomParser = result => Parse(result, name, least, most) ?? otherwise,
        };
    }

    /// <summary>A number in a range, or null when it is absent.</summary>
    public static Option<T?> Optional<T>(string name, T least, T most, string description)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        return new Option<T?>(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result => Parse(result, name, least, most),
        };
    }

    /// <summary>A number of bytes, such as 800M or 4G, and no fewer than the least; null when it is absent.</summary>
    public static Option<long?> Bytes(string name, string description, long least = 1) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            int power = text.Length == 0 ? -1 : "KMGT".IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal) + 1;
            if (power >= 0
                && double.TryParse(power > 0 ? text[..^1] : text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                && number * Math.Pow(1024, power) is < long.MaxValue and double bytes
                && bytes >= least)
            {
                return (long)bytes;
            }

            result.AddError($"{name} must be a size such as 800M or 4G, not '{text}'.");
            return null;
        },
    };

    /// <summary>One of some words, the first where none is given.</summary>
    public static Option<string> Choice(string name, string description, params string[] words)
    {
        Option<string> option = new(name)
        {
            Description = description,
            HelpName = string.Join('|', words),
            DefaultValueFactory = _ => words[0],
        };
        OneOf(option, words);
        return option;
    }

    /// <summary>Machine-readable output.</summary>
    public static Option<bool> Json(string description) => new("--json") { Description = description };

    /// <summary>Adds a demand that a given value must meet.</summary>
    public static void Check<T>(Option<T> option, Func<T?, bool> holds, string demand) =>
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && TryRead(result, out T? value) && !holds(value))
            {
                result.AddError(
                    result.Tokens[^1].Value is { Length: > 0 } given
                        ? $"{option.Name} {demand}, not '{given}'."
                        : $"{option.Name} {demand}.");
            }
        });

    // To ask for a value that could not be read throws what its reader had to say, which is told anyway.
    private static bool TryRead<T>(OptionResult result, out T? value)
    {
        try
        {
            value = result.GetValueOrDefault<T>();
            return true;
        }
        catch (InvalidOperationException)
        {
            value = default;
            return false;
        }
    }

    /// <summary>Restricts an option to some words.</summary>
    public static void OneOf<T>(Option<T> option, params string[] words)
    {
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => !words.Contains(token.Value)) is { } other)
                result.AddError(NoneOf(option.Name, words, other.Value));
        });
    }

    /// <summary>Restricts an argument to some words.</summary>
    public static void OneOf<T>(Argument<T> argument, params string[] words)
    {
        argument.CompletionSources.Add(words);
        argument.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => !words.Contains(token.Value)) is { } other)
                result.AddError(NoneOf(argument.Name, words, other.Value));
        });
    }

    private static string NoneOf(string name, string[] words, string given) =>
        $"{name} must be {string.Join(", ", words[..^1])} or {words[^1]}, not '{given}'.{Spelling.Hint(given, words)}";

    // In place of the parser's own conversion, which follows the machine's culture and names types of .NET when it fails.
    private static T? Parse<T>(ArgumentResult result, string name, T least, T most)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        string text = result.Tokens[^1].Value;
        if (
            T.TryParse(text, IsWhole<T>() ? NumberStyles.Integer : NumberStyles.Float, CultureInfo.InvariantCulture, out T value)
            && value >= least
            && value <= most)
        {
            return value;
        }

        result.AddError($"{name} {Demand(least, most)}, not '{text}'.");
        return null;
    }

    // Integers have no half.
    private static bool IsWhole<T>()
        where T : struct, INumber<T> => T.One / (T.One + T.One) == T.Zero;

    private static string Demand<T>(T least, T most)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        string number = IsWhole<T>() ? "whole number" : "number";
        return (least > T.MinValue || T.MinValue == T.Zero, most < T.MaxValue) switch
        {
            (true, true) => $"must be a {number} from {least} to {most}",
            (true, false) => $"must be a {number} of at least {least}",
            _ => $"must be a {number}",
        };
    }
}
