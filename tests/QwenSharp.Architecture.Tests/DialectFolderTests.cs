using System.Text.RegularExpressions;

namespace QwenSharp.Architecture.Tests;

/// <summary>
/// The rooms that speak protocols keep them apart: a dialect's folder mentions no other dialect, and what is neutral mentions none.
/// docs/structure.md says which folders are neutral; every other one is a dialect.
/// </summary>
public partial class DialectFolderTests
{
    private static readonly string[] Speaking = ["QwenSharp.Protocols", "QwenSharp.Server"];

    private static readonly HashSet<string> Neutral =
        [.. Repository.Table("### The folders of a dialect, and the neutral ones").Where(row => row[1] == "neutral").Select(row => row[0])];

    [Fact]
    public void Every_folder_is_in_the_table() => Assert.Equal(
        Speaking.SelectMany(room => Folders(room).Select(folder => $"{Short(room)}/{folder}")).Order(StringComparer.Ordinal),
        Repository.Table("### The folders of a dialect, and the neutral ones").Select(row => row[0]).Order(StringComparer.Ordinal));

    [Fact]
    public void No_folder_mentions_a_dialect_that_is_not_its_own()
    {
        string[] dialects = [.. Speaking.SelectMany(room => Folders(room).Where(folder => IsDialect(room, folder))).Distinct()];
        Assert.Contains("OpenAI", dialects);
        foreach (string room in Speaking)
        {
            foreach (string folder in Folders(room))
            {
                string[] others = [.. dialects.Where(dialect => !IsDialect(room, folder) || dialect != folder)];
                foreach (string file in Repository.Sources(Path.Combine(Repository.Folder(room), folder)))
                    Assert.Empty(Mentioned(File.ReadAllText(file), others).Select(dialect => $"{file} mentions {dialect}"));
            }
        }
    }

    [Fact]
    public void A_mention_is_found_in_whatever_form() => Assert.Equal(
        ["A", "B", "C"],
        Mentioned(
            "using QwenSharp.Protocols.A; using X = QwenSharp.Server.B.Y; _ = Protocols.C.Z; // of Ollama, DD and A.D",
            ["A", "B", "C", "D", "DD"]));

    // The file that puts a server together, at the top of its room, names the dialects that it speaks; no folder does.
    private static IEnumerable<string> Mentioned(string code, IEnumerable<string> dialects)
    {
        HashSet<string> named = [.. Namespaces().Matches(code).Select(match => match.Groups[1].Value)];
        return dialects.Where(named.Contains);
    }

    private static bool IsDialect(string room, string folder) => !Neutral.Contains($"{Short(room)}/{folder}");

    private static string Short(string room) => room["QwenSharp.".Length..];

    private static IEnumerable<string> Folders(string room) => Directory
        .GetDirectories(Repository.Folder(room))
        .Select(folder => Path.GetFileName(folder))
        .Where(folder => folder is not ("bin" or "obj") && Repository.Sources(Path.Combine(Repository.Folder(room), folder)).Any());

    [GeneratedRegex(@"\b(?:Protocols|Server)\.(\w+)")]
    private static partial Regex Namespaces();
}
