using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Tools.Files;

namespace QwenSharp.Agent.Tests.Tools.Files;

public sealed class ReadFileToolTests : IAsyncLifetime
{
    private readonly ToolBench _bench = new((workspace, session) => new ToolContext(workspace, session) { SeenTypes = ["image/*"] });
    private readonly ReadFileTool _tool = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory]
    [InlineData("a\nb\n", "", "1\ta\n2\tb\n")]
    [InlineData("a\r\nb", "", "1\ta\n2\tb\n")]
    [InlineData("a\n\n", "", "1\ta\n2\t\n")]
    [InlineData("a\u2028b\n", "", "1\ta\u2028b\n")]
    [InlineData("", "", "(The file is empty.)")]
    [InlineData("a\nb\nc\n", ", \"offset\": 1, \"limit\": 1", "2\tb\n[Lines 2 to 2 of 3. For more: offset 2]")]
    [InlineData("a\nb\nc\n", ", \"offset\": 2", "3\tc\n")]
    public async Task Lines_come_with_their_numbers(string text, string more, string expected)
    {
        _bench.Write("a.txt", text);
        Assert.Equal(expected, (await _bench.RunAsync(_tool, $$"""{"file_path": "a.txt"{{more}}}""")).Text);
        Assert.True(_bench.Context.FilesRead.Has(_bench["a.txt"]));
    }

    [Fact]
    public async Task A_long_file_comes_in_parts_that_add_up_to_it()
    {
        string[] lines = [.. Enumerable.Range(0, 5000).Select(i => $"line {i} {new string('x', i % 50)}")];
        _bench.Write("a.txt", string.Join('\n', lines));
        List<string> read = [];
        for (int i = 0; read.Count < lines.Length && i < 100; i++)
        {
            string text = (await _bench.RunAsync(_tool, $$"""{"file_path": "a.txt", "offset": {{read.Count}}}""")).Text;
            Assert.True(text.Length <= _bench.Context.LongOutputs.MostCharacters);
            read.AddRange(text.Split('\n').Where(line => line.Contains('\t')).Select(line => line.Split('\t')[1]));
        }

        Assert.Equal(lines, read);
    }

    [Fact]
    public async Task A_very_long_line_is_cut_and_says_so()
    {
        _bench.Write("a.txt", new string('x', 5000) + "\nb");
        Assert.Contains("… [3000 characters more]\n2\tb", (await _bench.RunAsync(_tool, """{"file_path": "a.txt"}""")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_encoding_is_read()
    {
        foreach (Encoding encoding in (Encoding[])[new UTF8Encoding(true), new UnicodeEncoding(false, true), new UnicodeEncoding(true, true)])
        {
            File.WriteAllBytes(_bench["a.txt"], [.. encoding.GetPreamble(), .. encoding.GetBytes("é😀\n")]);
            Assert.Equal("1\té😀\n", (await _bench.RunAsync(_tool, """{"file_path": "a.txt"}""")).Text);
        }

        File.WriteAllBytes(_bench["a.txt"], [0xE9, (byte)'\n']);
        Assert.Equal("1\té\n", (await _bench.RunAsync(_tool, """{"file_path": "a.txt"}""")).Text);
    }

    [Fact]
    public async Task Images_are_shown_to_models_that_see_and_told_to_others()
    {
        byte[] png = [0x89, .. "PNG\r\n"u8, 26, 10, 0, 0, 0, 13, .. "IHDR"u8, 0, 0, 0, 3, 0, 0, 0, 2];
        File.WriteAllBytes(_bench["a.png"], png);
        ToolResult seen = await _bench.RunAsync(_tool, """{"file_path": "a.png"}""");
        DataContent part = Assert.IsType<DataContent>(Assert.Single(seen.Parts));
        Assert.Equal(("image/png", png.Length), (part.MediaType, part.Data.Length));

        await using ToolBench blind = new();
        File.WriteAllBytes(blind["a.png"], png);
        ToolResult told = await blind.RunAsync(_tool, """{"file_path": "a.png"}""");
        Assert.Empty(told.Parts);
        Assert.Equal($"a.png is a PNG image of 3 × 2 pixels, {png.Length} bytes. You cannot see it.", told.Text);
    }

    [Fact]
    public async Task Binary_files_are_told()
    {
        File.WriteAllBytes(_bench["a.bin"], [1, 2, 0, 3]);
        Assert.Equal("a.bin is a binary file of 4 bytes: it is not shown.", (await _bench.RunAsync(_tool, """{"file_path": "a.bin"}""")).Text);
        Assert.False(_bench.Context.FilesRead.Has(_bench["a.bin"]));
    }

    [Theory]
    [InlineData("""{}""", "\"file_path\" is required")]
    [InlineData("""{"file_path": 1}""", "\"file_path\" must be a string")]
    [InlineData("""{"file_path": ""}""", "\"file_path\" is empty")]
    [InlineData("""{"file_path": "sub"}""", "sub is a directory. List it")]
    [InlineData("""{"file_path": "sub/Reader.txt"}""", "Did you mean sub/reader.txt?")]
    [InlineData("""{"file_path": "none/a"}""", "There is no directory none either")]
    [InlineData("""{"file_path": "sub/reader.txt", "offset": 9}""", "The file has 1 lines")]
    [InlineData("""{"file_path": "sub/reader.txt", "offset": -1}""", "\"offset\" must be 0 or more")]
    [InlineData("""{"file_path": "sub/reader.txt", "pages": "1"}""", "\"pages\" is for PDFs")]
    [InlineData("""{"file_path": "a\u0000b"}""", "\"file_path\" cannot be a path")]
    public async Task What_cannot_be_read_is_said(string arguments, string reason)
    {
        _bench.Write("sub/reader.txt", "a");
        Assert.Contains(reason, await _bench.FailsAsync(_tool, arguments), StringComparison.Ordinal);
    }
}
