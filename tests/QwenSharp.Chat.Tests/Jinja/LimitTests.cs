using System.Diagnostics;

namespace QwenSharp.Chat.Tests.Jinja;

/// <summary>Templates come with downloaded models. None may run for ever, fill the memory or end the process.</summary>
public sealed class LimitTests
{
    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x='aa') %}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | pprint }}")]
    [InlineData(
        "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% "
            + "endfor %}{{ ns.x == ns.y }}"
    )]
    [InlineData("{% set ns = namespace(x=(1,)) %}{% for i in range(100) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1} }}")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | tojson }}")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x < ns.x[0] }}")]
    [InlineData("{% set ns = namespace() %}{% set ns.self = ns %}{{ ns }}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% macro m(x) %}{{ m(x + 1) ~ m(x + 1) }}{% endmacro %}{{ m(0) }}")]
    [InlineData("{% for x in [[[]]] recursive %}{{ loop([[[]]]) }}{% endfor %}")]
    [InlineData("{{ range(1000000000000) }}")]
    [InlineData("{{ range(0, 1000000000000, 3) | list }}")]
    [InlineData("{{ range(99999) | map('string') | map('center', 99999) | join }}")]
    [InlineData("{{ 'x' * 1000000000000 }}")]
    [InlineData("{{ [1] * 1000000000000 }}")]
    [InlineData("{{ '' * 1000000000000 }}")]
    [InlineData("{{ 'x'.ljust(2000000000) }}")]
    [InlineData("{{ 'x' | center(2000000000) }}")]
    [InlineData("{{ 'x'.zfill(2000000000) }}")]
    [InlineData("{{ '\t'.expandtabs(2000000000) }}")]
    [InlineData("{{ '%2000000000d' | format(1) }}")]
    [InlineData("{{ '%.2000000000f' | format(1.5) }}")]
    [InlineData("{{ '{:2000000000}'.format(1) }}")]
    [InlineData("{{ '{:>{w}}'.format('a', w=2000000000) }}")]
    [InlineData("{{ 'a\nb' | indent(2000000000) }}")]
    [InlineData("{{ [[1]] | tojson(indent=2000000000) }}")]
    [InlineData("{{ [1] | batch(2000000000, 1) | list }}")]
    [InlineData("{{ [1] | slice(2000000000) | list }}")]
    [InlineData("{{ 10 ** 1000000000 }}")]
    [InlineData("{% set ns = namespace(x=3) %}{% for i in range(9999) %}{% set ns.x = ns.x * ns.x %}{% endfor %}")]
    [InlineData("{% set x = 'a' * 1000000 %}{% for i in range(99999) %}{% if ('a' * 500000 ~ 'b') in x %}{% endif %}{% endfor %}")]
    [InlineData("{% set x = 'a' * 1000000 %}{% for i in range(99999) %}{{ x.split('a') | length }}{% endfor %}")]
    [InlineData("{% set x = 'a' * 100000 %}{{ x.replace('', x) }}")]
    [InlineData("{% set x = range(99999) | list %}{% for i in range(99999) %}{{ x | sort | first }}{% endfor %}")]
    [InlineData("{% set x = range(99999) | list %}{% for i in x %}{% if -1 in x %}{% endif %}{% endfor %}")]
    public void A_hostile_template_ends_in_one_clear_error(string template)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Stopwatch watch = Stopwatch.StartNew();
        TemplateException exception = Templates.Fails(template, options: new() { Limits = new() { Steps = 2_000_000 } });
        Assert.NotEmpty(exception.Message);
        // Generous: what fails here runs for hours, or takes gigabytes.
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(3), $"{watch.Elapsed}");
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 256 << 20);
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("-", "")]
    [InlineData("not ", "")]
    [InlineData("{'a':", "}")]
    [InlineData("x(", ")")]
    [InlineData("1 if ", " else 2")]
    [InlineData("1 + ", "")]
    [InlineData("x | default(", ")")]
    public void Deep_nesting_renders_or_fails_but_never_crashes(string open, string close)
    {
        const int Depth = 100_000;
        string template =
            "{{ " + string.Concat(Enumerable.Repeat(open, Depth)) + "1" + string.Concat(Enumerable.Repeat(close, Depth)) + " }}";
        Exception? exception = Record.Exception(() => Templates.Render(template));
        Assert.True(exception is null or TemplateException, $"{exception}");
    }

    [Fact]
    public void Nested_blocks_end_in_an_error_not_in_a_crash() =>
        Assert.Throws<TemplateException>(() => Templates.Render(string.Concat(Enumerable.Repeat("{% if 1 %}{% for a in [1] %}", 50_000))));

    [Fact]
    public void The_default_limits_end_a_loop() =>
        Assert.Contains(
            "steps",
            Templates.Fails("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}").Message,
            StringComparison.Ordinal);

    [Fact]
    public void Limits_are_the_callers_to_set()
    {
        ChatTemplateOptions options = new()
        {
            Limits = new() { Steps = 100, OutputLength = 10 },
        };
        Assert.Contains(
            "100 steps",
            Templates.Fails("{% for i in range(99) %}{% endfor %}", options: options).Message,
            StringComparison.Ordinal);
        Assert.Contains("10 characters", Templates.Fails("{{ 'abcdefghijk' }}", options: options).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_honest_conversation_stays_within_the_limits()
    {
        string message = string.Join(' ', Enumerable.Repeat("lorem ipsum", 400));
        string messages = string.Join(
            ',',
            Enumerable.Range(0, 1000).Select(i => $$"""{ "role": "{{(i % 2 == 0 ? "user" : "assistant")}}", "content": "{{message}}" }"""));
        RenderedPrompt prompt = new ChatTemplate(Templates.Sample).Render(
            ChatTemplateConversation.Parse($$"""{ "messages": [ {{messages}} ] }"""));
        Assert.True(prompt.Text.Length > 4_000_000);
    }
}
