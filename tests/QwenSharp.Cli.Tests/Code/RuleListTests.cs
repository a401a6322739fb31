using QwenSharp.Cli.Code;

namespace QwenSharp.Cli.Tests.Code;

public class RuleListTests
{
    [Theory]
    [InlineData("edit", "edit")]
    [InlineData("edit,glob", "edit", "glob")]
    [InlineData(" edit  glob, Bash(git log *), Bash(a, b) ", "edit", "glob", "Bash(git log *)", "Bash(a, b)")]
    [InlineData("Bash(echo (x y) z) edit", "Bash(echo (x y) z)", "edit")]
    [InlineData("")]
    public void Commas_and_spaces_inside_brackets_belong_to_a_rule(string typed, params string[] rules) =>
        Assert.Equal(rules, RuleList.Split([typed]));
}
