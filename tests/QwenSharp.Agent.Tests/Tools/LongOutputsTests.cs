using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Tests.Tools;

public sealed class LongOutputsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_short_output_stays_as_it_is_and_no_file_is_made()
    {
        LongOutputs outputs = new(_folder["outputs"]);
        Assert.Equal("short", outputs.Fit("short"));
        Assert.False(Directory.Exists(_folder["outputs"]));
    }

    [Fact]
    public void A_long_output_keeps_both_ends_and_the_whole_is_in_the_file_that_it_names()
    {
        LongOutputs outputs = new(_folder["outputs"]) { MostCharacters = 1000 };
        string whole = string.Join('\n', Enumerable.Range(0, 1000).Select(i => $"line {i}"));

        string fitted = outputs.Fit(whole);

        Assert.StartsWith("line 0\nline 1\n", fitted, StringComparison.Ordinal);
        Assert.EndsWith("line 998\nline 999", fitted, StringComparison.Ordinal);
        Assert.InRange(fitted.Length, 500, 1300);
        string file = Assert.Single(Directory.GetFiles(outputs.Directory));
        Assert.Contains(file, fitted, StringComparison.Ordinal);
        Assert.Equal(whole, File.ReadAllText(file));
    }

    [Fact]
    public void Files_of_an_earlier_part_of_the_session_are_left_alone()
    {
        string first = new LongOutputs(_folder["outputs"]).Keep("first"), second = new LongOutputs(_folder["outputs"]).Keep("second");
        Assert.NotEqual(first, second);
        Assert.Equal("first", File.ReadAllText(first));
    }

    [Fact]
    public void A_cut_never_falls_inside_a_character()
    {
        LongOutputs outputs = new(_folder["outputs"]) { MostCharacters = 101 };
        string fitted = outputs.Fit("a" + string.Concat(Enumerable.Repeat("😀", 200)) + "b");
        Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(fitted)));
    }
}
