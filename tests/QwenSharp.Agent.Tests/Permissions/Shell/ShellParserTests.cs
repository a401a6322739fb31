using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Agent.Permissions.Commands;
using QwenSharp.Agent.Permissions.Shell;

namespace QwenSharp.Agent.Tests.Permissions.Shell;

/// <summary>Command lines are read as Bash reads them.</summary>
public sealed class ShellParserTests
{
    [Theory]
    [InlineData("git diff", "git diff")]
    [InlineData("a && b || c; d & e", "a|b|c|d|e")]
    [InlineData("a | b |& c", "a|b|c")]
    [InlineData("a\nb\n\n# rm -rf /\nc # d", "a|b|c")]
    [InlineData("echo \"a b\" 'c d' e\\ f", "echo 'a b' 'c d' 'e f'")]
    [InlineData("g'i't \"d\"iff", "git diff")]
    [InlineData("$'\\x67it' $'a\\tb'", "git 'a\tb'")]
    [InlineData("ec\\\nho x", "echo x")]
    [InlineData("A=1 B='2 3' c d", "c d")]
    [InlineData("(a; b) && { c; d; }", "a|b|c|d")]
    [InlineData("! a", "a")]
    [InlineData("time -p a b", "a b")]
    [InlineData("if a; then b; elif c; then d; else e; fi", "a|b|c|d|e")]
    [InlineData("a{b,c} d{1..3} {} {0}", "a{b,c} d{1..3} '{}' '{0}'")]
    [InlineData("[ -f x ] && a", "[ -f x ]|a")]
    [InlineData("echo a#b", "echo 'a#b'")]
    [InlineData("a 2>&1 >/dev/null <in >>out", "a")]
    [InlineData("cat <<EOF\n$x `b` a && b\nEOF\nc", "cat|b|c")]
    [InlineData("cat <<'EOF'\n$(rm x)\nEOF\nc", "cat|c")]
    [InlineData("cat <<-EOF\n\ta\n\tEOF\nb", "cat|b")]
    [InlineData("cat <<A <<B\n1\nA\n$(x)\nB\ny", "cat|x|y")]
    [InlineData("cat <<<\"$(a)\"", "a|cat")]
    [InlineData("case $x in a|b) c;; (d) e;; *) f; esac", "c|e|f")]
    [InlineData("(a) 2>x", "a|")]
    public void Simple_commands_are_found(string line, string commands) =>
        Assert.Equal(commands, string.Join('|', ShellParser.Parse(line).Select(command => command.Text)));

    [Theory]
    [InlineData("echo $(rm x)")]
    [InlineData("echo \"a $(b \"$(rm x)\") c\"")]
    [InlineData("echo `rm x`")]
    [InlineData("echo \"`rm x`\"")]
    [InlineData("echo `echo \\`rm x\\``")]
    [InlineData("cat <(rm x)")]
    [InlineData("a >(rm x)")]
    [InlineData("a > >(rm x)")]
    [InlineData("a=$(rm x)")]
    [InlineData("a > $(rm x)")]
    [InlineData("echo ${a:-$(rm x)}")]
    [InlineData("echo \"${a:-`rm x`}\"")]
    [InlineData("echo $((1 + $(rm x)))")]
    [InlineData("for i in $(rm x); do a; done")]
    [InlineData("for i in 1; do rm x; done")]
    [InlineData("while a; do rm x; done < b")]
    [InlineData("until rm x; do a; done")]
    [InlineData("case $(rm x) in a) b;; esac")]
    [InlineData("case a in $(rm x)) b;; esac")]
    [InlineData("f() { rm x; }")]
    [InlineData("function f { rm x; }")]
    [InlineData("[[ $(rm x) ]]")]
    [InlineData("((a = $(rm x)))")]
    [InlineData("cat <<EOF\n$(rm x)\nEOF")]
    [InlineData("cat <<EOF\n${a:-$(rm x)}\nEOF")]
    [InlineData("echo \"$\\\n(rm x)\"")]
    [InlineData("a &&\n\n rm x")]
    [InlineData("a |\n rm x")]
    [InlineData("{ a; (b; if c; then rm x; fi); }")]
    [InlineData("sh -c 'rm x'")]
    [InlineData("bash -ec \"a && rm x\"")]
    [InlineData("eval rm x")]
    [InlineData("eval \"rm\" 'x'")]
    [InlineData("env A=1 rm x")]
    [InlineData("env -i -u B rm x")]
    [InlineData("nice -n 5 nohup timeout -k 1 10 rm x")]
    [InlineData("command rm x")]
    [InlineData("exec rm x")]
    [InlineData("find . -name y -exec rm x \\;")]
    [InlineData("find . -exec sh -c 'rm x' \\;")]
    [InlineData("trap 'rm x' EXIT")]
    [InlineData("r''m x")]
    [InlineData("\\rm x")]
    [InlineData("$'rm' x")]
    public void A_command_that_is_hidden_is_found(string line) =>
        Assert.Contains("rm x", CommandReading.Of(line).Commands.Select(command => command.Text));

    [Theory]
    [InlineData("a 'b")]
    [InlineData("a \"b")]
    [InlineData("echo $(a")]
    [InlineData("echo `a")]
    [InlineData("echo ${a")]
    [InlineData("if a; then b")]
    [InlineData("a ;; b")]
    [InlineData("a ) b")]
    [InlineData("a=(1 2)")]
    [InlineData("a[0]=1 b")]
    [InlineData("coproc rm x")]
    [InlineData("echo $[1+1]")]
    [InlineData("echo \"${a:-'b}'}\"")]
    [InlineData("a {fd}>b")]
    [InlineData("a > ")]
    [InlineData("a | | b")]
    [InlineData("echo *(a)")]
    [InlineData("x\0y")]
    public void What_is_not_sure_to_be_read_is_refused(string line) => Assert.NotNull(CommandReading.Of(line).Unclear);

    [Theory]
    [InlineData("$x", false, "", true)]
    [InlineData("\"$x\"", false, "", false)]
    [InlineData("a\"$x\"", false, "a", false)]
    [InlineData("\"$@\"", false, "", true)]
    [InlineData("'$x'", true, "$x", false)]
    [InlineData("*.c", false, "", true)]
    [InlineData("src/*", false, "src/", true)]
    [InlineData("'*'", true, "*", false)]
    [InlineData("~/x", true, "~/x", false)]
    [InlineData("~root/x", false, "", false)]
    public void What_is_known_of_a_word_is_said(string word, bool isKnown, string prefix, bool maySplit)
    {
        ShellWord read = ShellParser.Parse("a " + word)[0].Words[1];
        Assert.Equal((isKnown, prefix, maySplit), (read.IsKnown, read.Prefix, read.MaySplit));
        Assert.Equal(word[0] == '~' && word != "~root/x", read.IsHome);
    }

    // Each way of writing a command around another keeps it findable, however deep. Brackets that directly follow a substitution's would
    // make arithmetic of both, which runs no command.
    [Fact]
    public void A_command_is_found_in_whatever_is_written_around_it()
    {
        Func<string, string>[] around =
        [
            inner => $"a; {inner}", inner => $"{inner} | a", inner => $"a && {{ {inner}\n}}", inner => $"a; ({inner})", inner => $"echo $({inner})",
            inner => $"echo \"a$({inner})\"", inner => $"if a; then {inner}\nfi", inner => $"for i in 1; do {inner}\ndone",
            inner => $"cat <({inner})", inner => $"x=$({inner})", inner => $"echo ${{x:-$({inner})}}", inner => $"f() {{ {inner}\n}}",
            inner => $"case a in b) {inner}\n;; esac", inner => $"[[ -n $({inner}) ]]", inner => $"eval {SimpleCommand.Quoted(ShellWord.Known(inner))}",
            inner => $"timeout 5 sh -c {SimpleCommand.Quoted(ShellWord.Known(inner))}", inner => $"! {inner}", inner => $"while {inner}\ndo a; done",
            inner => $"find . -exec sh -c {SimpleCommand.Quoted(ShellWord.Known(inner))} \\;",
        ];
        Prop.ForAll(
            Gen.Choose(0, around.Length - 1).ListOf().ToArbitrary(),
            layers =>
            {
                string line = layers.Take(6).Aggregate("rm -rf hidden", (inner, layer) => around[layer](inner));
                CommandReading reading = CommandReading.Of(line);
                Assert.True(
                    reading.Unclear is not null || reading.Commands.Any(command => command.Text == "rm -rf hidden"),
                    line);
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Whatever_is_written_is_read_or_refused()
    {
        Gen<string> pieces = Gen.Elements(
            "a", "rm", " ", "\n", ";", "&", "|", "(", ")", "{", "}", "<", ">", "$", "`", "'", "\"", "\\", "#", "=", "[", "]", "*", "~", "!", "if ", "then ",
            "fi", "do ", "done", "for ", "in ", "case ", "esac", "<<E", "\nE\n", "${", "$((", "))", "[[ ", " ]]", "$'", "-c ", "sh ", "eval ", "find ",
            "-exec ", "{a,b}", "é", "\t", "0", "function ", "time ");
        Prop.ForAll(
            pieces.ListOf().Select(string.Concat).ToArbitrary(),
            line =>
            {
                CommandReading reading = CommandReading.Of(line);
                Assert.True(reading.Unclear is null || reading.Unclear.Length > 0);
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000).WithEndSize(60));
    }

    [Fact]
    public void Nesting_has_an_end() =>
        Assert.NotNull(CommandReading.Of(string.Concat(Enumerable.Repeat("$(", 5000)) + "a" + new string(')', 5000)).Unclear);
}
