using QwenSharp.Agent.Tests.Permissions;
using QwenSharp.Agent.Tools.Discovery;
using QwenSharp.Agent.Tools.Files;
using QwenSharp.Agent.Tools.Searching;

namespace QwenSharp.Agent.Tests.Tools.Discovery;

public sealed class DiscoveryToolsTests
{
    [Fact]
    public async Task Tools_are_found_by_words_with_their_schemas()
    {
        await using ToolBench bench = new();
        ToolSearchTool tool = new([new NamedTool("mcp__x__y"), new GlobTool(), new ReadFileTool()]);
        string found = (await bench.RunAsync(tool, """{"query": "pattern files", "max_results": 1}""")).Text;
        Assert.StartsWith("glob: ", found, StringComparison.Ordinal);
        Assert.Contains("\"required\": [\"pattern\"]", found, StringComparison.Ordinal);
        Assert.StartsWith("mcp__x__y", (await bench.RunAsync(tool, """{"query": "mcp"}""")).Text, StringComparison.Ordinal);
        Assert.Equal("No tool is about that.", (await bench.RunAsync(tool, """{"query": "weather"}""")).Text);
        Assert.Contains("max_results", await bench.FailsAsync(tool, """{"query": "x", "max_results": 0}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Skills_are_found_where_agents_keep_them_and_given_whole()
    {
        await using ToolBench bench = new();
        bench.Write(".claude/skills/pdf/SKILL.md", "---\nname: pdf\ndescription: \"Makes PDFs\"\n---\n\n# How\nDo it.\n");
        bench.Write(".qwen/skills/none/SKILL.md", "no head");
        IReadOnlyList<Skill> skills = Skill.Find(bench.Context.Workspace.Root, null);
        Skill skill = Assert.Single(skills);
        Assert.Equal(("pdf", "Makes PDFs"), (skill.Name, skill.Description));
        SkillTool tool = new(skills);
        Assert.Contains("\npdf: Makes PDFs", tool.Description, StringComparison.Ordinal);
        Assert.EndsWith("\n\n# How\nDo it.\n", (await bench.RunAsync(tool, """{"skill": "PDF"}""")).Text, StringComparison.Ordinal);
        Assert.Contains("there are pdf", await bench.FailsAsync(tool, """{"skill": "x"}"""), StringComparison.Ordinal);
    }
}
