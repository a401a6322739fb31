namespace QwenSharp.Chat.Tests.Jinja;

/// <summary>Errors say what is wrong and where.</summary>
public sealed class ErrorTests
{
    [Theory]
    [InlineData("a\nb\n{{ 1 + }}", 3)]
    [InlineData("a\n{% if x %}\nb", 3)]
    [InlineData("a\n\n{% nonsense %}", 3)]
    [InlineData("\n{{ 'x' | nonsense }}", 2)]
    [InlineData("\n{{ 'x' is nonsense }}", 2)]
    [InlineData("{# one\ntwo #}\n{{ ? }}", 3)]
    public void Syntax_errors_name_their_line(string template, int line)
    {
        TemplateException exception = Assert.Throws<TemplateException>(() => new ChatTemplate(template));
        Assert.Equal(line, exception.Line);
        Assert.StartsWith($"line {line}: ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_of_rendering_carry_their_line_and_keep_their_message()
    {
        TemplateException exception = Templates.Fails("a\n{% set x = 1 %}\n{{ raise_exception('No ' ~ 'way.') }}");
        Assert.Equal(("No way.", (int?)3), (exception.Message, exception.Line));
    }

    [Theory]
    [InlineData("{{ x | nonsense }}", "nonsense")]
    [InlineData("{{ x is nonsense }}", "nonsense")]
    [InlineData("{{ nonsense(1) }}", "nonsense")]
    [InlineData("{{ [1] | map('nonsense') | list }}", "nonsense")]
    [InlineData("{{ [1] | select('nonsense') | list }}", "nonsense")]
    [InlineData("{{ 'a' | trim(nonsense=1) }}", "nonsense")]
    [InlineData("{% include 'nonsense' %}", "include")]
    public void What_is_unknown_is_named(string template, string name) =>
        Assert.Contains(name, Templates.Fails(template).Message, StringComparison.Ordinal);

    [Fact]
    public void Text_that_is_not_Unicode_is_refused() =>
        Assert.Contains("not Unicode", Templates.Fails("{{ x }}", """{ "x": "\ud800" }""").Message, StringComparison.Ordinal);
}
