using System.Reflection;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Hub;

/// <summary>
/// The small model that comes with the program: a file beside it, or, in a program that is a single file, a part of that.
/// </summary>
internal static class BoxModel
{
    /// <summary>What it is called on the command line.</summary>
    public const string Name = "box";

    /// <summary>Its file.</summary>
    public const string FileName = "qwensharp-box.gguf";

    /// <summary>What it is, and how to get another, for who named none.</summary>
    private const string Introduction =
        "No model is named, so the one in the box answers: a few million parameters, trained by 'qwensharp train' to show what works. For "
            + "a real Qwen: qwensharp pull qwen3:0.6b";

    private static string PathBesideProgram => Path.Combine(AppContext.BaseDirectory, FileName);

    /// <summary>The model for who named none; says so on standard error.</summary>
    /// <exception cref="FileNotFoundException">This build came without it.</exception>
    public static LocalModel Introduce(Terminal terminal)
    {
        LocalModel model = Open();
        terminal.Error.WriteLine(terminal.Dim(terminal.Wrapped(Introduction)));
        return model;
    }

    /// <summary>The model, under its own name.</summary>
    /// <exception cref="FileNotFoundException">This build came without it.</exception>
    /// <exception cref="IOException">It cannot be unpacked.</exception>
    public static LocalModel Open() =>
        new(File.Exists(PathBesideProgram) ? PathBesideProgram : Unpack(), Path.GetFileNameWithoutExtension(FileName));

    /// <summary>A copy in the user's own folder, written once for each version; weights are mapped from files.</summary>
    private static string Unpack()
    {
        using Stream packed =
            Assembly.GetExecutingAssembly().GetManifestResourceStream(FileName)
            ?? throw new FileNotFoundException(
                $"This build came without the model in the box: there is no {PathBesideProgram}. Name a model, such as one that "
                    + "'qwensharp pull qwen3:0.6b' brings."
            );
        string folder = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
            "qwensharp");
        string path = Path.Combine(
            folder,
            $"{Path.GetFileNameWithoutExtension(FileName)}-{Assembly.GetExecutingAssembly().ManifestModule.ModuleVersionId:N}.gguf");
        if (File.Exists(path) && new FileInfo(path).Length == packed.Length)
            return path;

        Directory.CreateDirectory(folder);
        string partial = $"{path}.{Environment.ProcessId}.partial";
        using (FileStream file = File.Create(partial))
            packed.CopyTo(file);

        File.Move(partial, path, overwrite: true);
        return path;
    }
}
