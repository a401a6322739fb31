using System.CommandLine;

namespace QwenSharp.Cli.Options;

/// <summary>Options and arguments whose values are checked while the command line is parsed.</summary>
internal static class Values
{
    /// <summary>The path of a model.</summary>
    public static Argument<string> Model(string description = "A GGUF file; any file of a split model.") =>
        new("MODEL") { Description = description };

    /// <summary>A whole number that is not below a bound.</summary>
    public static Option<int> AtLeast(string name, int least, string description, int? otherwise = null)
    {
        Option<int> option = new(name) { Description = description, HelpName = "N" };
        if (otherwise is { } value)
            option.DefaultValueFactory = _ => value;

        Check(option, value => value >= least, $"must be at least {least}");
        return option;
    }

    /// <summary>A whole number that may be absent.</summary>
    public static Option<int?> Whole(string name, int least, string description)
    {
        Option<int?> option = new(name) { Description = description, HelpName = "N" };
        Check(option, value => value >= least, $"must be at least {least}");
        return option;
    }

    /// <summary>A number that may be absent.</summary>
    public static Option<float?> Number(string name, float least, float most, string description)
    {
        Option<float?> option = new(name) { Description = description, HelpName = "X" };
        string range = most == float.PositiveInfinity ? $"must be at least {least}" : $"must lie between {least} and {most}";
        Check(option, value => value >= least && value <= most, range);
        return option;
    }

    /// <summary>Machine-readable output.</summary>
    public static Option<bool> Json(string description) => new("--json") { Description = description };

    /// <summary>Adds a demand that a given value must meet.</summary>
    public static void Check<T>(Option<T> option, Func<T?, bool> holds, string demand) =>
        option.Validators.Add(result =>
        {
            // A value that is not a number at all is reported by the parser itself.
            if (!result.Errors.Any() && result.Tokens.Count > 0 && !holds(result.GetValueOrDefault<T>()))
                result.AddError($"{option.Name} {demand}, not {result.Tokens[^1].Value}.");
        });
}
