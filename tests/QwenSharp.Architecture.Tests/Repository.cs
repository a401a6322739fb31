using System.Xml.Linq;

namespace QwenSharp.Architecture.Tests;

/// <summary>The repository that the tests run in: its rooms, their files, and what docs/structure.md says.</summary>
internal static class Repository
{
    public static string Root => Checkout.Root;

    public static string Structure { get; } = File.ReadAllText(Path.Combine(Root, "docs", "structure.md"));

    /// <summary>The projects of the product. The corpus is data with its generator, and stands beside the sources.</summary>
    public static IReadOnlyList<string> Rooms { get; } =
        [.. Directory.GetFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Append(Path.Combine(Root, "corpus", "QwenSharp.Corpus.csproj"))
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal)];

    public static string Folder(string room) =>
        room == "QwenSharp.Corpus" ? Path.Combine(Root, "corpus") : Path.Combine(Root, "src", room);

    public static string Project(string room) => Path.Combine(Folder(room), room + ".csproj");

    public static IEnumerable<string> References(string room) => XDocument.Load(Project(room))
        .Descendants("ProjectReference")
        .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    /// <summary>The C# files under a folder, without what builds leave there.</summary>
    public static IEnumerable<string> Sources(string folder) => Directory
        .EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(folder, file).Split('/', '\\').Any(part => part is "obj" or "bin"));

    /// <summary>The rows of the table under a heading of docs/structure.md, without the head; a cell without its backticks.</summary>
    public static IEnumerable<string[]> Table(string heading) => Structure
        .Split('\n')
        .SkipWhile(line => line != heading)
        .Skip(1)
        .TakeWhile(line => !line.StartsWith('#'))
        .Where(line => line.StartsWith('|'))
        .Skip(2)
        .Select(line => line.Trim('|').Split('|').Select(cell => cell.Replace("`", "").Trim()).ToArray());
}
