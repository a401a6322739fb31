using System.Collections.Concurrent;
using QwenSharp.Agent.Search;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tests.Search;

/// <summary>What a walk over a tree finds.</summary>
public sealed class IgnoreRulesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private async Task<string[]> FilesAsync(string start = "")
    {
        string root = RealPath.Of(_folder.Path), directory = Path.Join(root, start).TrimEnd('/');
        ConcurrentBag<string> found = [];
        await FileWalk.VisitAsync(directory, IgnoreRules.Above(directory, root), true, () => found.Add, TestContext.Current.CancellationToken);
        return [.. found.Select(path => Path.GetRelativePath(root, path)).Order(StringComparer.Ordinal)];
    }

    [Theory]
    [InlineData("*.log", "a.log b/c.log", "b/x x")]
    [InlineData("/a", "a/x", "b/a x")]
    [InlineData("a/", "a/x b/a/y", "c/a x")]
    [InlineData("b/*.o", "b/x.o", "b/c/x.o x.o")]
    [InlineData("b/**/x", "b/x b/c/d/x", "x b/y")]
    [InlineData("**/logs", "logs/x a/logs/y", "x")]
    [InlineData("*.x\n!keep.x", "a.x b/c.x", "b/keep.x keep.x")]
    [InlineData("# a\n\n\\#b\n  ", "#b", "a")]
    [InlineData("a\\ b", "a b", "a")]
    [InlineData("x[", "", "x[")]
    [InlineData("{a,b}", "{a,b}", "a b")]
    public async Task Lines_mean_what_they_mean_to_git(string rules, string ignored, string kept)
    {
        Directory.CreateDirectory(_folder[".git"]);
        _folder.Write(".gitignore", rules);
        string[] Names(string list) => list is "a b" ? ["a b"] : list.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] hidden = Names(ignored), seen = rules == "{a,b}" ? ["a", "b"] : Names(kept);
        foreach (string name in hidden.Concat(seen))
            _folder.Write(name, "");

        Assert.Equal(seen.Append(".gitignore").Order(StringComparer.Ordinal), await FilesAsync());
    }

    [Fact]
    public async Task Deeper_files_win_and_files_above_the_start_count()
    {
        Directory.CreateDirectory(_folder[".git"]);
        _folder.Write(".git/config", "");
        _folder.Write(".git/info/exclude", "excluded");
        _folder.Write(".gitignore", "*.tmp\nbuild/");
        _folder.Write("a/.gitignore", "!wanted.tmp\n/local");
        _folder.Write(".qwenignore", "private");
        foreach (string name in (string[])["a/wanted.tmp", "a/other.tmp", "a/local", "a/b/local", "build/x", "excluded", "private", "wanted.tmp", "a/x"])
            _folder.Write(name, "");

        Assert.Equal([".gitignore", ".qwenignore", "a/.gitignore", "a/b/local", "a/wanted.tmp", "a/x"], await FilesAsync());
        Assert.Equal(["a/.gitignore", "a/b/local", "a/wanted.tmp", "a/x"], await FilesAsync("a"));
    }

    [Fact]
    public async Task Links_are_not_followed()
    {
        _folder.Write("a/x", "");
        File.CreateSymbolicLink(_folder["a", "loop"], _folder.Path);
        File.CreateSymbolicLink(_folder["file"], _folder["a", "x"]);
        Assert.Equal(["a/x"], await FilesAsync());
    }

    [Fact]
    public async Task Many_files_are_each_visited_once()
    {
        for (int i = 0; i < 500; i++)
            _folder.Write($"d{i % 7}/e{i % 11}/f{i}", "");

        string[] files = await FilesAsync();
        Assert.Equal(500, files.Length);
        Assert.Equal(500, files.Distinct().Count());
    }

    [Fact]
    public async Task A_visitor_that_fails_ends_the_walk()
    {
        for (int i = 0; i < 100; i++)
            _folder.Write($"d{i}/f", "");

        await Assert.ThrowsAsync<InvalidOperationException>(() => FileWalk.VisitAsync(
            _folder.Path, null, true, () => _ => throw new InvalidOperationException(), TestContext.Current.CancellationToken));
    }
}
