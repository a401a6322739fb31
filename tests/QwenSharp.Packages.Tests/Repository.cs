namespace QwenSharp.Packages.Tests;

/// <summary>Where the tests stand: the checkout, and how it was built.</summary>
internal static class Repository
{
    /// <summary>The package of the program.</summary>
    public const string Tool = "QwenSharp.Cli";

    /// <summary>The top of the checkout.</summary>
    public static string Root => Checkout.Root;

    /// <summary>The packages of the libraries: a room each.</summary>
    public static string[] Libraries { get; } =
        [.. Directory.GetDirectories(Path.Combine(Root, "src")).Select(folder => Path.GetFileName(folder)!).Except([Tool]).Order()];

    /// <summary>Debug or Release, as the tests themselves.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>The model in the box.</summary>
    public static string Box { get; } = Path.Combine(Root, "box", "qwensharp-box.gguf");
}
