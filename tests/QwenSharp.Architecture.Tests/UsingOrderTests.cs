namespace QwenSharp.Architecture.Tests;

/// <summary>
/// The namespaces that a file uses come in one order: the system's, then the others, by their names; then <c>static</c> ones, then aliases.
/// The build holds the code to every other rule of its style, and <c>dotnet format whitespace</c> to its white space.
/// </summary>
public class UsingOrderTests
{
    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    [InlineData("bench")]
    [InlineData("corpus")]
    public void Namespaces_are_in_order(string folder) => Assert.Empty(
        Repository.Sources(Path.Combine(Repository.Root, folder))
            .Where(file => !IsInOrder([.. Used(File.ReadLines(file))]))
            .Select(file => Path.GetRelativePath(Repository.Root, file)));

    [Theory]
    [InlineData(true, "System", "System.Text", "Microsoft.Extensions.AI", "QwenSharp.Chat", "QwenSharp.Chat.Streaming", "static A", "A = B")]
    [InlineData(false, "QwenSharp.Faults", "System.Text")]
    [InlineData(false, "QwenSharp.Chat.Streaming", "QwenSharp.Chat")]
    [InlineData(false, "A = B", "System.Text")]
    [InlineData(false, "static System.Math", "Xunit")]
    public void What_is_out_of_order_is_seen(bool isInOrder, params string[] used) => Assert.Equal(isInOrder, IsInOrder(used));

    private static IEnumerable<string> Used(IEnumerable<string> lines) => lines
        .TakeWhile(line => !line.StartsWith("namespace ", StringComparison.Ordinal))
        .Where(line => line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';'))
        .Select(line => line["using ".Length..^1])
        .TakeWhile(name => !name.StartsWith("var ", StringComparison.Ordinal) && !name.Contains('('));

    private static bool IsInOrder(string[] used) => used.SequenceEqual(used
        .OrderBy(name => name.Contains('=') ? 2 : name.StartsWith("static ", StringComparison.Ordinal) ? 1 : 0)
        .ThenBy(name => name.Split('.')[0] is "System" ? 0 : 1)
        .ThenBy(name => name.Replace('.', '\u0001'), StringComparer.OrdinalIgnoreCase));
}
