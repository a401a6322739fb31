using QwenSharp.Agent.Tests.Permissions;

namespace QwenSharp.Agent.Tests.Workspaces;

public sealed class WorkspaceTests(Project project) : IClassFixture<Project>
{
    [Theory]
    [InlineData("src/a.cs", "src/a.cs", true)]
    [InlineData("./src/../src/a.cs", "src/a.cs", true)]
    [InlineData("new/deep/file", "new/deep/file", true)]
    [InlineData("link-out/x", "../outside/x", false)]
    [InlineData("link-out/../x", "../x", false)]
    [InlineData("link-up/project/src", "src", true)]
    [InlineData("link-git/config", ".git/config", true)]
    [InlineData("~/x", "../x", false)]
    [InlineData("~x", "~x", true)]
    [InlineData("..", "..", false)]
    [InlineData("", null, false)]
    [InlineData("a\0b", null, false)]
    public void Paths_are_followed_as_the_system_follows_them(string path, string? expected, bool isInside)
    {
        if (expected is null)
        {
            Assert.ThrowsAny<Exception>(() => project.Workspace.Resolve(path));
            return;
        }

        string resolved = project.Workspace.Resolve(path);
        Assert.Equal((Path.GetFullPath(expected, project.Workspace.Root), isInside), (resolved, project.Workspace.Contains(resolved)));
    }

    [Fact]
    public void A_name_that_only_begins_as_the_project_is_outside() =>
        Assert.False(project.Workspace.Contains(project.Workspace.Root + "-other/x"));

    [Fact]
    public void Links_that_go_round_are_refused()
    {
        using TemporaryFolder folder = new();
        File.CreateSymbolicLink(folder["a"], "b");
        File.CreateSymbolicLink(folder["b"], "a");
        QwenSharp.Agent.Workspaces.Workspace workspace = new(folder.Path);
        Assert.Contains("circle", Assert.Throws<IOException>(() => workspace.Resolve("a/x")).Message, StringComparison.Ordinal);
    }
}
