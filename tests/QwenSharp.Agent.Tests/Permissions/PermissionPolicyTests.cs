using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Tests.Permissions;

/// <summary>What modes and rules allow.</summary>
public sealed class PermissionPolicyTests(Project project) : IClassFixture<Project>
{
    [Theory]
    [InlineData("ls -la")]
    [InlineData("cat src/a.cs README.md | head -n 5")]
    [InlineData("git status && git diff --stat HEAD~1 | cat")]
    [InlineData("git log --oneline -n 5")]
    [InlineData("grep -rn 'class A' src | sort | uniq -c")]
    [InlineData("find . -name '*.cs' -newer README.md")]
    [InlineData("cd src && ls")]
    [InlineData("cat src/*.cs")]
    [InlineData("sed -n '1,5p' README.md")]
    [InlineData("echo \"a $x\" 2>/dev/null; true")]
    [InlineData("for f in a b; do echo $f; done")]
    [InlineData("[ -f README.md ] && wc -l < README.md")]
    [InlineData("cat <<'EOF' | grep $\nx\nEOF")]
    [InlineData("dotnet --version")]
    [InlineData("set -euo pipefail; ls")]
    [InlineData("timeout 5 ls")]
    public void Reading_commands_run_in_every_mode(string command)
    {
        foreach (PermissionMode mode in Enum.GetValues<PermissionMode>())
            Assert.Equal(new Decision(Verdict.Allow, "Every command in it is allowed."), project.Run(project.Policy(mode), command));
    }

    [Theory]
    [InlineData("mkdir -p src/new && touch src/new/b.cs")]
    [InlineData("echo text > src/b.txt")]
    [InlineData("cp README.md src/")]
    [InlineData("sed -i 's/a/b/g' src/a.cs")]
    [InlineData("rm src/a.cs")]
    [InlineData("cat > src/new.txt <<'EOF'\n$(text)\nEOF")]
    public void Commands_that_change_files_of_theproject_are_edits(string command)
    {
        Assert.Equal(Verdict.Deny, project.Run(project.Policy(PermissionMode.Plan), command).Verdict);
        Assert.Equal(Verdict.Ask, project.Run(project.Policy(PermissionMode.Ask), command).Verdict);
        Assert.Equal(Verdict.Allow, project.Run(project.Policy(PermissionMode.AcceptEdits), command).Verdict);
    }

    [Theory]
    [InlineData("dotnet test")]
    [InlineData("dotnet build -c Release 2>&1 | tail -n 20")]
    [InlineData("npm test && npm run build")]
    [InlineData("python3 -m pytest -q tests")]
    [InlineData("python3 src/a.py --flag value")]
    [InlineData("cargo test; go test ./...")]
    [InlineData("make -j4 all")]
    [InlineData("CI=1 pytest")]
    [InlineData("./build.sh")]
    [InlineData("git add -A && git commit -m 'a message'")]
    [InlineData("gcc -o src/a src/a.c && ./src/a")]
    [InlineData("cd src && dotnet test")]
    public void Ordinary_work_runs_by_itself_only_where_nobody_can_be_asked_or_a_sandbox_holds_it(string command)
    {
        Assert.Equal(Verdict.Allow, project.Run(project.Policy(PermissionMode.Auto, isHeadless: true), command).Verdict);
        Assert.Equal(Verdict.Allow, project.Run(project.Policy(PermissionMode.Auto, isSandboxed: true), command).Verdict);
        Assert.Equal(Verdict.Ask, project.Run(project.Policy(PermissionMode.AcceptEdits), command).Verdict);
        Decision asked = project.Run(project.Policy(PermissionMode.Auto), command);
        Assert.Equal(Verdict.Ask, asked.Verdict);
        Assert.EndsWith("There is no sandbox to run it in.", asked.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Bash(npm test:*)", "npm test", Verdict.Allow)]
    [InlineData("Bash(npm test:*)", "npm test -- --watch", Verdict.Allow)]
    [InlineData("Bash(npm test:*)", "npm testify", Verdict.Ask)]
    [InlineData("Bash(npm test:*)", "npm test && npm run x", Verdict.Ask)]
    [InlineData("Bash(npm test:*)", "npm test > ../x", Verdict.Ask)]
    [InlineData("Bash(npm test:*)", "NODE_OPTIONS=x npm test", Verdict.Ask)]
    [InlineData("Bash(npm test:*)", "CI=1 npm test", Verdict.Allow)]
    [InlineData("Bash(npm test:*)", "npm $X", Verdict.Ask)]
    [InlineData("Bash(npm test:*)", "npm test | head", Verdict.Allow)]
    [InlineData("Bash(npm test:*)", "env npm test", Verdict.Allow)]
    [InlineData("Bash(npm test:*)", "./npm test", Verdict.Ask)]
    [InlineData("Bash(npm test)", "npm test", Verdict.Allow)]
    [InlineData("Bash(npm test)", "npm test x", Verdict.Ask)]
    [InlineData("Bash(npm run *:watch)", "npm run a:watch", Verdict.Allow)]
    [InlineData("run_shell_command(git push *)", "git push origin main", Verdict.Allow)]
    [InlineData("run_shell_command(git push *)", "git push", Verdict.Allow)]
    [InlineData("run_shell_command(git *)", "git push", Verdict.Allow)]
    [InlineData("Bash", "anything at all", Verdict.Allow)]
    [InlineData("Bash(*)", "anything at all", Verdict.Allow)]
    [InlineData("Bash(*)", "curl x | sh", Verdict.Allow)]
    [InlineData("Bash(*)", "echo 'x", Verdict.Ask)]
    public void Rules_allow_each_command_of_a_line(string rule, string command, Verdict verdict) =>
        Assert.Equal(verdict, project.Run(project.Policy(PermissionMode.Ask, new PermissionRules(allow: [rule])), command).Verdict);

    [Fact]
    public void Rules_ask_even_where_the_mode_would_allow()
    {
        PermissionRules rules = new(ask: ["Bash(ls:*)", "Edit(*.lock)", "Read(README.md)"]);
        PermissionPolicy policy = project.Policy(PermissionMode.Auto, rules, isSandboxed: true);
        Assert.Equal(Verdict.Ask, project.Run(policy, "cat README.md && ls").Verdict);
        Assert.Equal(Verdict.Ask, project.Write(policy, "src/deep/yarn.lock").Verdict);
        Assert.Equal(Verdict.Allow, project.Write(policy, "src/deep/yarn.txt").Verdict);
        Assert.Equal(Verdict.Ask, project.Read(policy, "README.md").Verdict);
    }

    [Fact]
    public void Files_are_read_in_theproject_and_written_as_the_mode_says()
    {
        foreach ((PermissionMode mode, Verdict verdict) in (ReadOnlySpan<(PermissionMode, Verdict)>)
            [(PermissionMode.Plan, Verdict.Deny), (PermissionMode.Ask, Verdict.Ask), (PermissionMode.AcceptEdits, Verdict.Allow), (PermissionMode.Auto, Verdict.Allow)])
        {
            Assert.Equal(verdict, project.Write(project.Policy(mode), "src/new/b.cs").Verdict);
            Assert.Equal(Verdict.Allow, project.Read(project.Policy(mode), "src/a.cs").Verdict);
            Assert.Equal(Verdict.Ask, project.Read(project.Policy(mode), "~/notes.txt").Verdict);
        }
    }

    [Theory]
    [InlineData("Read(~/notes.txt)", "~/notes.txt", true)]
    [InlineData("Read(~/**)", "~/notes.txt", true)]
    [InlineData("Read(~/docs/**)", "~/notes.txt", false)]
    [InlineData("Read(//etc/**)", "/etc/passwd", true)]
    [InlineData("Read(/etc/**)", "/etc/passwd", false)]
    [InlineData("read_file(~/notes.txt)", "~/notes.txt", true)]
    [InlineData("Read", "/etc/passwd", true)]
    [InlineData("Edit(~/**)", "~/notes.txt", false)]
    public void Rules_allow_files_outside(string rule, string path, bool isAllowed) => Assert.Equal(
        isAllowed ? Verdict.Allow : Verdict.Ask,
        project.Read(project.Policy(PermissionMode.Ask, new PermissionRules(allow: [rule])), path).Verdict);

    [Fact]
    public void What_is_protected_stays_so_whatever_is_allowed()
    {
        PermissionPolicy policy = project.Policy(PermissionMode.Auto, new PermissionRules(allow: ["Edit", "Bash", "Edit(.git/**)"]), isSandboxed: true);
        Assert.Equal(Verdict.Deny, project.Write(policy, ".git/hooks/pre-commit").Verdict);
        Assert.Equal(Verdict.Deny, project.Write(policy, ".qwensharp/settings.json").Verdict);
        Assert.Equal(Verdict.Deny, project.Run(policy, "echo x > .git/config").Verdict);
    }

    [Fact]
    public void Pages_are_fetched_only_from_hosts_that_rules_allow()
    {
        PermissionPolicy policy = project.Policy(PermissionMode.Auto, new PermissionRules(allow: ["WebFetch(domain:example.com)"]), isSandboxed: true);
        Verdict Of(string url) =>
            policy.Decide(new NamedTool("web_fetch"), new ToolAccess(AccessKind.Network) { Url = new Uri(url) }).Verdict;
        Assert.Equal(Verdict.Allow, Of("https://example.com/x"));
        Assert.Equal(Verdict.Allow, Of("https://docs.example.com/x"));
        Assert.Equal(Verdict.Ask, Of("https://notexample.com/x"));
        Assert.Equal(Verdict.Ask, Of("https://example.com.evil.org/x"));
    }

    [Fact]
    public void Tools_of_servers_are_asked_for_and_allowed_by_name()
    {
        Verdict Of(PermissionRules rules) =>
            project.Policy(PermissionMode.Auto, rules, isSandboxed: true).Decide(new NamedTool("mcp__git__push"), new ToolAccess(AccessKind.Execute)).Verdict;
        Assert.Equal(Verdict.Ask, Of(new PermissionRules()));
        Assert.Equal(Verdict.Ask, Of(new PermissionRules(allow: ["Bash"])));
        Assert.Equal(Verdict.Allow, Of(new PermissionRules(allow: ["mcp__git"])));
        Assert.Equal(Verdict.Allow, Of(new PermissionRules(allow: ["mcp__git__*"])));
        Assert.Equal(Verdict.Deny, Of(new PermissionRules(allow: ["mcp__git"], deny: ["mcp__git__push"])));
    }

    [Theory]
    [InlineData("", "does not begin with the name of a tool")]
    [InlineData("(x)", "does not begin with the name of a tool")]
    [InlineData("Bash(ls", "bracket that is not closed")]
    [InlineData("Read(a[b)", "a bracket is not closed")]
    [InlineData("WebFetch(example.com)", "must name a domain")]
    public void What_is_no_rule_is_refused_by_its_text(string rule, string reason)
    {
        FormatException wrong = Assert.Throws<FormatException>(() => PermissionRule.Parse(rule));
        Assert.Contains(reason, wrong.Message, StringComparison.Ordinal);
        Assert.Contains($"\"{rule}\"", wrong.Message, StringComparison.Ordinal);
    }
}
