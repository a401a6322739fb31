using QwenSharp.Agent.Prompts;

namespace QwenSharp.Agent.Tests.Prompts;

public sealed class MemoryFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_of_user_and_project_are_read_from_the_outside_in()
    {
        _folder.Write("home/.qwen/QWEN.md", "I like tabs.");
        _folder.Write("repo/.git/HEAD", "ref: refs/heads/main");
        _folder.Write("repo/AGENTS.md", "Build with make.");
        _folder.Write("repo/CLAUDE.md", "Build with make.");
        _folder.Write("repo/sub/QWEN.md", "Here: cargo.");
        _folder.Write("AGENTS.md", "Above the repository.");

        string memory = MemoryFiles.Read(_folder["repo", "sub"], _folder["home"]);

        Assert.Equal(
            $"# {_folder["home", ".qwen", "QWEN.md"]}\nI like tabs.\n\n# {_folder["repo", "AGENTS.md"]}\nBuild with make.\n\n"
                + $"# {_folder["repo", "sub", "QWEN.md"]}\nHere: cargo.\n\n",
            memory);
    }

    [Fact]
    public void Imports_are_read_in_their_place_and_code_and_addresses_are_left_alone()
    {
        _folder.Write("p/docs/style.md", "Four spaces. See @more.md");
        _folder.Write("p/docs/more.md", "No tabs.");
        _folder.Write("p/AGENTS.md", "Style: @docs/style.md\nMail a@b.example, ask @someone.\n```\n@docs/style.md\n```");

        Assert.Contains(
            "Style: Four spaces. See No tabs.\nMail a@b.example, ask @someone.\n```\n@docs/style.md\n```",
            MemoryFiles.Read(_folder["p"], null));
    }

    [Fact]
    public void A_circle_of_imports_ends()
    {
        _folder.Write("p/a.md", "A @b.md");
        _folder.Write("p/b.md", "B @a.md");
        _folder.Write("p/AGENTS.md", "@a.md");
        Assert.Contains("A B [@a.md is imported already", MemoryFiles.Read(_folder["p"], null));
    }

    [Fact]
    public void A_projects_file_shows_nothing_outside_the_project()
    {
        _folder.Write("secret.txt", "the secret");
        _folder.Write("p/AGENTS.md", "@../secret.txt and @link.md");
        File.CreateSymbolicLink(_folder["p", "link.md"], _folder["secret.txt"]);
        File.CreateSymbolicLink(_folder["p", "QWEN.md"], _folder["secret.txt"]);

        string memory = MemoryFiles.Read(_folder["p"], null);

        Assert.DoesNotContain("the secret", memory);
        Assert.Contains("[@../secret.txt is outside the project and left out]", memory);
    }

    [Fact]
    public void What_is_checked_out_is_read_from_the_repositorys_files()
    {
        _folder.Write("main/.git/HEAD", "ref: refs/heads/feature/x\n");
        _folder.Write("tree/.git", $"gitdir: {_folder["main", ".git", "worktrees", "tree"]}\n");
        _folder.Write("main/.git/worktrees/tree/HEAD", "0123456789abcdef\n");
        Assert.Equal("branch feature/x", GitHead.Of(Directory.CreateDirectory(_folder["main", "src"]).FullName));
        Assert.Equal("commit 0123456789", GitHead.Of(_folder["tree"]));
        Assert.Null(GitHead.Of(Directory.CreateDirectory(_folder["none"]).FullName));
    }
}
