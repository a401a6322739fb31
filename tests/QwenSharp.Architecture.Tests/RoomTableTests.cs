using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace QwenSharp.Architecture.Tests;

/// <summary>The table of rooms in docs/structure.md, read from there and asserted against the projects.</summary>
public class RoomTableTests
{
    /// <summary>What a room may hold only where it is the one that touches the machine.</summary>
    private static readonly string[] LowLevelMarks =
        ["System.Runtime.Intrinsics", "DllImport", "LibraryImport", "AllowUnsafeBlocks"];

    private static readonly Dictionary<string, string> MayUse =
        Repository.Table("## The rooms").ToDictionary(row => row[0], row => row[^1]);

    public static TheoryData<string> Projects() => [.. Repository.Rooms];

    [Fact]
    public void The_table_has_a_row_for_every_room_and_no_other() =>
        Assert.Equal(Repository.Rooms, MayUse.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_room_uses_only_what_the_table_allows(string room) =>
        Assert.Empty(Repository.References(room).Except(Allowed(room)));

    [Fact]
    public void What_a_reference_references_is_not_a_reference()
    {
        XDocument properties = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props"));
        Assert.Equal("true", properties.Descendants("DisableTransitiveProjectReferences").Single().Value);
        Assert.All(
            Repository.Rooms,
            room => Assert.Empty(XDocument.Load(Repository.Project(room)).Descendants("DisableTransitiveProjectReferences")));
    }

    // What two rooms need is a room, not a file that both compile.
    [Theory]
    [MemberData(nameof(Projects))]
    public void A_room_compiles_its_own_files_alone(string room) =>
        Assert.Empty(XDocument.Load(Repository.Project(room)).Descendants("Compile"));

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_room_has_code_and_tests_of_the_same_name(string room)
    {
        Assert.NotEmpty(Repository.Sources(Repository.Folder(room)));
        Assert.NotEmpty(Repository.Sources(Path.Combine(Repository.Root, "tests", room + ".Tests")));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Only_Numerics_touches_the_machine(string room)
    {
        if (room == "QwenSharp.Numerics")
            return;

        IEnumerable<string> files = Repository.Sources(Repository.Folder(room)).Append(Repository.Project(room));
        Assert.DoesNotContain(files, file => LowLevelMarks.Any(File.ReadAllText(file).Contains));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_library_names_a_command_or_an_option_of_the_command_line(string room)
    {
        // What the corpus holds the model in the box says, which knows the program that it comes with.
        if (room is "QwenSharp.Cli" or "QwenSharp.Corpus")
            return;

        IEnumerable<string> commands = Directory
            .GetFiles(Path.Combine(Repository.Folder("QwenSharp.Cli"), "Commands"), "*Command.cs")
            .Select(file => Path.GetFileName(file)[..^"Command.cs".Length].ToLowerInvariant());

        // The options that the agent knows are those of the programs that it runs and judges.
        string options = room == "QwenSharp.Agent" ? "" : @"|(?<![\w-])--[a-z]";
        Regex said = new($@"""[^""]*(\bqwensharp ({string.Join('|', commands)})\b{options})");
        Assert.Empty(
            Repository.Sources(Repository.Folder(room))
                .SelectMany(file => File.ReadLines(file).Where(line => said.IsMatch(line)).Select(line => $"{file}: {line.Trim()}")));
    }

    // A cell is "–" for none, "all", or names without the common prefix.
    private static IEnumerable<string> Allowed(string room) => MayUse[room] switch
    {
        "–" => [],
        "all" => Repository.Rooms,
        string list => list.Split(", ").Select(name => name == "QwenSharp" ? name : "QwenSharp." + name),
    };
}
