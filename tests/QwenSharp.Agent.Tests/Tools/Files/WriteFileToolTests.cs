using System.Text;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Tools.Files;

namespace QwenSharp.Agent.Tests.Tools.Files;

public sealed class WriteFileToolTests : IAsyncLifetime
{
    private readonly ToolBench _bench = new();
    private readonly WriteFileTool _tool = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task A_new_file_gets_its_directories()
    {
        ToolResult result = await _bench.RunAsync(_tool, """{"file_path": "a/b/c.txt", "content": "one\ntwo\n"}""");
        Assert.Equal("one\ntwo\n", File.ReadAllText(_bench["a", "b", "c.txt"]));
        Assert.Equal("Created a/b/c.txt, 2 lines.", result.Text);
        Assert.Equal("--- /dev/null\n+++ a/b/c.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n", result.Display);
    }

    [Fact]
    public async Task A_file_that_is_there_must_have_been_read()
    {
        string path = _bench.Write("a.txt", "old");
        Assert.Contains("You have not read a.txt", await _bench.FailsAsync(_tool, """{"file_path": "a.txt", "content": "new"}"""), StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(path));
    }

    [Fact]
    public async Task Encoding_mark_and_line_ends_of_the_old_file_stay()
    {
        UnicodeEncoding encoding = new(false, true);
        string path = _bench["a.txt"];
        File.WriteAllBytes(path, [.. encoding.GetPreamble(), .. encoding.GetBytes("one\r\ntwo\r\n")]);
        _bench.Context.FilesRead.Note(path);
        await _bench.RunAsync(_tool, """{"file_path": "a.txt", "content": "one\n2\nthree\n"}""");
        Assert.Equal([.. encoding.GetPreamble(), .. encoding.GetBytes("one\r\n2\r\nthree\r\n")], File.ReadAllBytes(path));
    }

    [Fact]
    public async Task What_cannot_be_written_leaves_everything_as_it_was()
    {
        _bench.WriteSeen("a.txt", "x");
        Assert.Contains("cannot be written", await _bench.FailsAsync(_tool, """{"file_path": "a.txt/b", "content": "new"}"""), StringComparison.Ordinal);
        Assert.Contains("is a directory", await _bench.FailsAsync(_tool, """{"file_path": ".", "content": "new"}"""), StringComparison.Ordinal);
        Assert.Equal([_bench["a.txt"]], Directory.GetFileSystemEntries(_bench.Context.Workspace.Root));
    }
}
