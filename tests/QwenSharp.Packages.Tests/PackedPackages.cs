using System.IO.Compression;
using System.Xml.Linq;
using QwenSharp.Packages.Tests;

[assembly: AssemblyFixture(typeof(PackedPackages))]

namespace QwenSharp.Packages.Tests;

/// <summary>
/// All packages as <c>dotnet pack</c> makes them of what was built, once for all tests; or those in the folder that
/// <c>QWENSHARP_PACKAGES</c> names. Packages of others come from where the build has them already, so no registry is asked.
/// </summary>
public sealed class PackedPackages : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>The folder of the packages: a feed.</summary>
    public string Feed { get; private set; } = Environment.GetEnvironmentVariable("QWENSHARP_PACKAGES") ?? "";

    /// <summary>A folder for packages that are restored from the feed, so that the user's own keeps none of them.</summary>
    public string Restored => _folder["restored"];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (Feed.Length > 0)
            return;

        Feed = _folder["feed"];
        await Command.DotnetAsync(
            Repository.Root,
            packages: null,
            ["pack", "--no-build", "-c", Repository.Configuration, "-o", Feed, "-v", "q"]);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The path of a package, or of its symbols.</summary>
    internal string PathOf(string id, string extension = ".nupkg") => Assert.Single(
        Directory.GetFiles(Feed, $"{id}.*{extension}"),
        file => char.IsAsciiDigit(Path.GetFileName(file)[id.Length + 1]));

    /// <summary>The names of the files in a package.</summary>
    internal string[] FilesOf(string id, string extension = ".nupkg")
    {
        using ZipArchive package = ZipFile.OpenRead(PathOf(id, extension));
        return [.. package.Entries.Select(entry => entry.FullName)];
    }

    /// <summary>What a package says of itself.</summary>
    internal XElement MetadataOf(string id)
    {
        using ZipArchive package = ZipFile.OpenRead(PathOf(id));
        using Stream manifest = Assert.Single(package.Entries, entry => entry.FullName == $"{id}.nuspec").Open();
        return XDocument.Load(manifest).Root!.Elements().Single(element => element.Name.LocalName == "metadata");
    }

    /// <summary>Writes the NuGet configuration of a folder: the feed, and nothing else.</summary>
    internal void Configure(string folder)
    {
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(
            Path.Combine(folder, "nuget.config"),
            $"""
            <configuration>
              <packageSources><clear /><add key="feed" value="{Feed}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="built with" value="{cache}" /></fallbackPackageFolders>
            </configuration>
            """);
    }
}
