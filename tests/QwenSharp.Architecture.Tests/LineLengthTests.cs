namespace QwenSharp.Architecture.Tests;

/// <summary>Lines of C# have at most 140 characters, but for what stands in raw string literals and is data.</summary>
public class LineLengthTests
{
    private const int Longest = 140;

    [Theory]
    [InlineData("src")]
    [InlineData("corpus")]
    [InlineData("bench")]
    public void No_line_is_too_long(string folder) => Assert.Empty(
        Repository.Sources(Path.Combine(Repository.Root, folder))
            .SelectMany(file => TooLong(File.ReadAllLines(file)).Select(line => $"{Path.GetRelativePath(Repository.Root, file)}:{line}")));

    [Fact]
    public void Data_in_raw_strings_may_be_longer_and_code_around_it_may_not()
    {
        string data = new('x', 200);
        Assert.Equal(
            [1, 5],
            TooLong(["// " + data, "string a = \"\"\"", data, "\"\"\";", "string b = " + data, $"c = \"\"\"{data}\"\"\";", "short"]));
    }

    private static IEnumerable<int> TooLong(IReadOnlyList<string> lines)
    {
        // The quotes that opened the raw string which the line begins in; 0 outside of one.
        int open = 0;
        for (int i = 0; i < lines.Count; i++)
        {
            bool isData = open > 0;
            foreach (int quotes in RunsOfQuotes(lines[i]))
            {
                isData = true;
                open = open == 0 ? quotes : quotes >= open ? 0 : open;
            }

            if (!isData && lines[i].Length > Longest)
                yield return i + 1;
        }
    }

    private static IEnumerable<int> RunsOfQuotes(string line)
    {
        for (int at = line.IndexOf("\"\"\"", StringComparison.Ordinal); at >= 0;)
        {
            int end = at;
            while (end < line.Length && line[end] == '"')
                end++;

            yield return end - at;
            at = line.IndexOf("\"\"\"", end, StringComparison.Ordinal);
        }
    }
}
