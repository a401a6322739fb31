using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using QwenSharp.Models;

namespace QwenSharp.Cli.Options;

/// <summary>A published shape in place of a model: <c>--shape</c> and <c>--type</c>.</summary>
internal sealed class ShapeArguments(string description)
{
    /// <summary>--shape NAME.</summary>
    public Option<string?> Shape { get; } = new("--shape")
    {
        Description = description,
        HelpName = "NAME",
        CompletionSources = { _ => ModelShapes.All.Keys.Select(name => new CompletionItem(name)) },
    };

    /// <summary>--type TYPE.</summary>
    public Option<string> Type { get; } = new("--type")
    {
        Description = "The weights of --shape: " + string.Join(", ", WeightMix.All.Select(mix => mix.Name)) + ".",
        HelpName = "TYPE",
        DefaultValueFactory = _ => "q4_k_m",
    };

    /// <summary>MODEL, where a shape may stand in its place.</summary>
    public static Argument<string?> Model(string description) =>
        new("MODEL") { Description = description + " Or give --shape.", Arity = ArgumentArity.ZeroOrOne };

    public void AddTo(Command command)
    {
        command.Add(Shape);
        command.Add(Type);
    }

    /// <summary>Refuses a model beside a shape, neither of them, and a type without a shape.</summary>
    public void Check(CommandResult result, Argument<string?> model)
    {
        if ((result.GetValue(model) is null) == (result.GetValue(Shape) is null))
            result.AddError("Give either MODEL or --shape.");
        if (result.GetResult(Type) is { Implicit: false } && result.GetValue(Shape) is null)
            result.AddError("--type chooses the weights of --shape; a file has its own.");
    }

    /// <summary>The shape and the mix of these names.</summary>
    /// <exception cref="UsageException">There is no such.</exception>
    public static (ModelConfig Config, WeightMix Mix) Find(string shape, string type)
    {
        try
        {
            return (ModelShapes.Find(shape), WeightMix.Find(type));
        }
        catch (ArgumentException unknown)
        {
            throw new UsageException(CommandTree.Said(unknown));
        }
    }
}
