using System.Xml.Linq;

namespace QwenSharp.Architecture.Tests;

/// <summary>The table of rooms in docs/structure.md, asserted against the project references.</summary>
public class RoomTableTests
{
    private static readonly string[] Libraries = ["Numerics", "Formats", "Tokenizers", "Chat", "Models", "Engine"];

    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["QwenSharp.Numerics"] = [],
        ["QwenSharp.Formats"] = Rooms("Numerics"),
        ["QwenSharp.Tokenizers"] = [],
        ["QwenSharp.Chat"] = [],
        ["QwenSharp.Models"] = Rooms("Numerics", "Formats"),
        ["QwenSharp.Engine"] = Rooms("Models", "Numerics"),
        ["QwenSharp.Training"] = Rooms("Models", "Numerics", "Formats", "Tokenizers", "Chat"),
        ["QwenSharp"] = Rooms(Libraries),
        ["QwenSharp.Protocols"] = Rooms("Chat"),
        ["QwenSharp.Gateway"] = Rooms("Chat", "Protocols"),
        ["QwenSharp.Agent"] = Rooms("Chat"),
        ["QwenSharp.Server"] = ["QwenSharp", .. Rooms("Protocols", "Gateway")],
        ["QwenSharp.Corpus"] = [],
        ["QwenSharp.Cli"] = ["QwenSharp", .. Rooms([.. Libraries, "Training", "Corpus", "Protocols", "Gateway", "Agent", "Server"])],
    };

    /// <summary>The rooms a project may reference but that may not leak intrinsics, unsafe code or P/Invoke.</summary>
    private static readonly string[] LowLevelMarks =
        ["System.Runtime.Intrinsics", "DllImport", "LibraryImport", "AllowUnsafeBlocks"];

    public static TheoryData<string> Projects() =>
        [.. Directory.GetDirectories(Path.Combine(Root(), "src")).Select(folder => Path.GetFileName(folder)!), "QwenSharp.Corpus"];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_room_uses_only_what_the_table_allows(string room)
    {
        Assert.True(MayUse.TryGetValue(room, out string[]? allowed), $"{room} is not a room of docs/structure.md.");
        Assert.Empty(References(room).Except(allowed!));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_room_has_code_and_tests_of_the_same_name(string room)
    {
        Assert.NotEmpty(Sources(room));
        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(Root(), "tests", room + ".Tests"), "*.cs", SearchOption.AllDirectories));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Only_Numerics_touches_the_machine(string room)
    {
        if (room == "QwenSharp.Numerics")
            return;

        IEnumerable<string> files = Sources(room).Append(Project(room));
        Assert.DoesNotContain(files, file => LowLevelMarks.Any(File.ReadAllText(file).Contains));
    }

    [Fact]
    public void The_document_names_every_room()
    {
        string text = File.ReadAllText(Path.Combine(Root(), "docs", "structure.md"));
        Assert.All(Projects(), room => Assert.Contains($"`{room.Data}`", text));
    }

    private static string[] Rooms(params string[] names) => [.. names.Select(name => "QwenSharp." + name)];

    // The corpus is data with its generator, and stands beside the sources.
    private static string Folder(string room) =>
        room == "QwenSharp.Corpus" ? Path.Combine(Root(), "corpus") : Path.Combine(Root(), "src", room);

    private static string Project(string room) => Path.Combine(Folder(room), room + ".csproj");

    private static IEnumerable<string> References(string room) => XDocument.Load(Project(room))
        .Descendants("ProjectReference")
        .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    private static IEnumerable<string> Sources(string room) => Directory
        .EnumerateFiles(Folder(room), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            && !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "QwenSharp.slnx")))
            folder = folder.Parent;

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
