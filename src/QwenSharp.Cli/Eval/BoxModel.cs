namespace QwenSharp.Cli.Eval;

/// <summary>The small model that comes with the program.</summary>
internal static class BoxModel
{
    /// <summary>Its file: beside the program.</summary>
    public const string FileName = "qwensharp-box.gguf";

    /// <summary>Its path, whether it is there or not.</summary>
    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, FileName);

    /// <exception cref="FileNotFoundException">It is not beside the program.</exception>
    public static string Require() => File.Exists(Path)
        ? Path
        : throw new FileNotFoundException($"The model in the box is not here: there is no {Path}. Name another with --model, or train it again with 'qwensharp train'.");
}
