using QwenSharp.Agent.Tools.Searching;

namespace QwenSharp.Agent.Tests.Tools.Searching;

public sealed class SearchToolsTests : IAsyncLifetime
{
    private readonly ToolBench _bench = new();

    public ValueTask InitializeAsync()
    {
        _bench.Write("src/a.cs", "class Alpha\n{\n    int beta;\n}\n");
        _bench.Write("src/b.ts", "const alpha = 1;\n");
        _bench.Write("docs/alpha.md", "# Beta\n");
        _bench.Write("out/a.cs", "class Alpha\n");
        _bench.Write(".gitignore", "out/\n");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory]
    [InlineData("\"pattern\": \"alpha\"", "src/a.cs\n1: class Alpha\nsrc/b.ts\n1: const alpha = 1;\n")]
    [InlineData("\"pattern\": \"Alpha\"", "src/a.cs\n1: class Alpha\n")]
    [InlineData("\"pattern\": \"alpha\", \"glob\": \"*.ts\"", "src/b.ts\n1: const alpha = 1;\n")]
    [InlineData("\"pattern\": \"alpha\", \"glob\": \"src/**/*.{cs,md}\"", "src/a.cs\n1: class Alpha\n")]
    [InlineData("\"pattern\": \"alpha\", \"path\": \"out\"", "out/a.cs\n1: class Alpha\n")]
    [InlineData("\"pattern\": \"^class\", \"path\": \"src/a.cs\"", "src/a.cs\n1: class Alpha\n")]
    [InlineData("\"pattern\": \"a\", \"limit\": 1", "docs/alpha.md\n1: # Beta\n[1 of 4 lines. Make the pattern or path narrower, or the limit larger.]")]
    [InlineData("\"pattern\": \"nowhere\"", "No line matches.")]
    public async Task Lines_are_found(string arguments, string expected) =>
        Assert.Equal(expected, (await _bench.RunAsync(new GrepSearchTool(), $"{{{arguments}}}")).Text);

    [Theory]
    [InlineData("\"pattern\": \"(\"", "is no regular expression")]
    [InlineData("\"pattern\": \"\"", "must be a regular expression")]
    [InlineData("\"pattern\": \"a\", \"path\": \"none\"", "There is no file none")]
    [InlineData("\"pattern\": \"a\", \"glob\": \"[\"", "a bracket is not closed")]
    public async Task What_is_wrong_with_a_search_is_said(string arguments, string reason) =>
        Assert.Contains(reason, await _bench.FailsAsync(new GrepSearchTool(), $"{{{arguments}}}"), StringComparison.Ordinal);

    [Fact]
    public async Task Files_are_found_the_newest_first()
    {
        File.SetLastWriteTimeUtc(_bench["src", "a.cs"], new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(_bench["src", "b.ts"], new DateTime(2021, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        async Task<string> Found(string arguments) => (await _bench.RunAsync(new GlobTool(), $"{{{arguments}}}")).Text;
        Assert.Equal("src/b.ts\nsrc/a.cs", await Found("\"pattern\": \"src/**\""));
        Assert.Equal("src/a.cs", await Found("\"pattern\": \"*.cs\""));
        Assert.Equal("src/b.ts", await Found("\"pattern\": \"**/*.ts\", \"path\": \"src\""));
        Assert.Equal("src/a.cs", await Found($"\"pattern\": {ToolBench.Json(_bench["src"] + "/*.cs")}"));
        Assert.Equal("No file matches.", await Found("\"pattern\": \"*.java\""));
        Assert.Contains("There is no file none", await _bench.FailsAsync(new GlobTool(), """{"pattern": "*", "path": "none"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_is_listed_with_directories_first_and_without_what_is_ignored()
    {
        async Task<string> Listed(string more = "") => (await _bench.RunAsync(new ListDirectoryTool(), $$"""{"path": "."{{more}}}""")).Text;
        Assert.Equal("docs/\nsrc/\n.gitignore (5 bytes)\n[1 ignored]\n", await Listed());
        Assert.Equal("docs/\nout/\nsrc/\n.gitignore (5 bytes)\n", await Listed(", \"file_filtering_options\": {\"respect_git_ignore\": false}"));
        Assert.Equal("src/\n[1 ignored]\n", await Listed(", \"ignore\": [\"d*\", \".git*\"]"));
        Assert.Contains("is a file. Read it", await _bench.FailsAsync(new ListDirectoryTool(), """{"path": "src/a.cs"}"""), StringComparison.Ordinal);
        Assert.Contains("Did you mean src?", await _bench.FailsAsync(new ListDirectoryTool(), """{"path": "srcs"}"""), StringComparison.Ordinal);
    }
}
