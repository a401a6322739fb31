using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Tools.Files;

namespace QwenSharp.Agent.Tests.Tools.Files;

public sealed class ApplyPatchToolTests : IAsyncLifetime
{
    private readonly ToolBench _bench = new();
    private readonly ApplyPatchTool _tool = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private static string Call(string body) => $$"""{"input": {{ToolBench.Json($"*** Begin Patch\n{body}\n*** End Patch")}}}""";

    [Fact]
    public async Task Files_are_added_changed_moved_and_deleted_together()
    {
        _bench.Write("a.cs", "class A\n{\n    int one;\n    int two;\n}\n\nclass B\n{\n    int one;\n}\n");
        _bench.Write("old.txt", "x\r\ny\r\nz\r\n");
        _bench.Write("gone.txt", "x");
        ToolResult result = await _bench.RunAsync(_tool, Call("""
            *** Update File: a.cs
            @@ class B
             {
            -    int one;
            +    int three;
             }
            *** Update File: old.txt
            *** Move to: sub/new.txt
            @@
             x
            -y
            +why
             z
            *** Add File: sub/added.txt
            +one
            +
            *** Delete File: gone.txt
            """));
        Assert.Equal("class A\n{\n    int one;\n    int two;\n}\n\nclass B\n{\n    int three;\n}\n", File.ReadAllText(_bench["a.cs"]));
        Assert.Equal("x\r\nwhy\r\nz\r\n", File.ReadAllText(_bench["sub", "new.txt"]));
        Assert.Equal("one\n\n", File.ReadAllText(_bench["sub", "added.txt"]));
        Assert.False(File.Exists(_bench["gone.txt"]) || File.Exists(_bench["old.txt"]));
        Assert.Equal("Updated a.cs.\nMoved old.txt to sub/new.txt.\nAdded sub/added.txt.\nDeleted gone.txt.", result.Text);
        Assert.Contains("-    int one;\n+    int three;", result.Display, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_changes_of_a_file_and_its_end_are_found_in_order()
    {
        _bench.Write("a.txt", "a\nx\nb\nx\nc\nx\n");
        await _bench.RunAsync(_tool, Call("*** Update File: a.txt\n@@ b\n-x\n+1\n@@\n-x\n+2\n*** End of File"));
        Assert.Equal("a\nx\nb\n1\nc\n2\n", File.ReadAllText(_bench["a.txt"]));
    }

    [Fact]
    public async Task White_space_at_the_ends_of_lines_is_forgiven()
    {
        _bench.Write("a.txt", "  a  \nb\n");
        await _bench.RunAsync(_tool, Call("*** Update File: a.txt\n@@\n a\n-b\n+c"));
        Assert.EndsWith("\nc\n", File.ReadAllText(_bench["a.txt"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patch_of_which_one_part_does_not_fit_does_nothing()
    {
        _bench.Write("a.txt", "a\n");
        _bench.Write("b.txt", "int number = 1;\n");
        string told = await _bench.FailsAsync(_tool, Call("*** Update File: a.txt\n@@\n-a\n+b\n*** Update File: b.txt\n@@\n-int number = 2;\n+x"));
        Assert.Contains("These lines are not in b.txt:\nint number = 2;", told, StringComparison.Ordinal);
        Assert.Contains("1\tint number = 1;", told, StringComparison.Ordinal);
        Assert.Equal("a\n", File.ReadAllText(_bench["a.txt"]));
    }

    [Theory]
    [InlineData("nothing", "A patch begins with")]
    [InlineData("*** Begin Patch\n*** End Patch", "names no file")]
    [InlineData("*** Begin Patch\nhello\n*** End Patch", "Line 2 of the patch, \"hello\"")]
    [InlineData("*** Begin Patch\n*** Add File: a\nx\n*** End Patch", "each line of a new file begins with +")]
    [InlineData("*** Begin Patch\n*** Update File: a\n*** End Patch", "no change of the file follows")]
    [InlineData("*** Begin Patch\n*** Update File: a\n@@\n!x\n*** End Patch", "begins with a space, - or +")]
    [InlineData("*** Begin Patch\n*** Delete File: none\n*** End Patch", "There is no file none")]
    [InlineData("*** Begin Patch\n*** Delete File: x\n*** Delete File: ./x\n*** End Patch", "The patch has x twice")]
    public async Task What_is_no_patch_is_refused_by_its_line(string patch, string reason) =>
        Assert.Contains(reason, await _bench.FailsAsync(_tool, $$"""{"input": {{ToolBench.Json(patch)}}}"""), StringComparison.Ordinal);

    [Fact]
    public void Every_file_that_is_named_is_what_the_patch_would_touch()
    {
        ToolAccess access = _tool.AccessOf(
            new ToolArguments(System.Text.Json.JsonElement.Parse(Call("*** Update File: a\n*** Move to: ../b\n*** Delete File: /etc/x\n*** Add File: c\n+x"))),
            _bench.Context);
        string root = _bench.Context.Workspace.Root;
        Assert.Equal((AccessKind.Write, 4), (access.Kind, access.Paths.Count));
        Assert.Equal([$"{root}/a", $"{Path.GetDirectoryName(root)}/b", "/etc/x", $"{root}/c"], access.Paths);
    }
}
