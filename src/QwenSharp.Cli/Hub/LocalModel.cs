using QwenSharp.Cli.Completion;
using QwenSharp.Hub;

namespace QwenSharp.Cli.Hub;

/// <summary>What a MODEL on the command line stands for on this machine.</summary>
/// <param name="Path">Its file, or the folder of a checkpoint.</param>
/// <param name="Id">The name it was called by; null where that was a path.</param>
internal sealed record LocalModel(string Path, string? Id)
{
    /// <summary>
    /// "box" stands for the model in the box, and "./box" for a folder of that name; a path that exists for itself; a short name or
    /// ORG/NAME[:QUANT] for what was pulled under it.
    /// </summary>
    /// <exception cref="HubException">It is the name of a model that is not here, or of several.</exception>
    /// <exception cref="FileNotFoundException">It is neither a path nor a name.</exception>
    public static LocalModel Of(string model)
    {
        if (model == BoxModel.Name)
            return BoxModel.Open();
        if (File.Exists(model) || Directory.Exists(model))
            return new LocalModel(model, null);

        HubOptions options = HubOptions.FromEnvironment();
        ModelReference? reference = ModelNames.SizesOf(model).Any()
            ? ModelReference.Parse(model, options)
            : ModelReference.TryParse(model, options);

        return reference is null
                ? throw new FileNotFoundException(
                    $"There is no file or folder '{model}', and it is no name of a model.{Nearest(model)} 'qwensharp list' prints the "
                        + "models on this machine, 'qwensharp pull --list' names to pull."
                )
            : new ModelCache(options).Find(reference) is { } found ? new LocalModel(found.Path, model)
            : throw new HubException(
                $"There is no file '{model}', and no model of that name on this machine. Type: qwensharp pull {model}");
    }

    private static string Nearest(string model) => Spelling.Hint(model, ModelNames.All.Keys.Concat(Placeholders.Models()));
}
