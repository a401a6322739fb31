namespace QwenSharp.Chat.Tests.Jinja;

/// <summary>Damaged templates either render or fail with a <see cref="TemplateException"/>; nothing else may come out.</summary>
public sealed class FuzzTests
{
    private const string Conversation = """
        { "messages": [ { "role": "system", "content": "s" }, { "role": "user", "content": "u 🙂" },
          { "role": "assistant", "content": "", "reasoning_content": "r", "tool_calls": [ { "function": { "name": "f", "arguments": { "a": [1, 2.5, null, true, "x"] } } } ] },
          { "role": "tool", "content": [ { "type": "text", "text": "t" } ] } ],
          "tools": [ { "type": "function", "function": { "name": "f", "parameters": {} } } ], "kwargs": { "x": { "a": [1, "b"], "n": -3 } } }
        """;

    private static readonly string[] Pieces =
    [
        "{{", "}}", "{%", "%}", "{%-", "-%}", "{#", "#}", "if", "elif", "else", "endif", "for", "in", "endfor", "set", "endset", "macro",
        "endmacro", "call", "endcall", "filter", "raw", "endraw", "with", "endwith", "generation", "break", "continue", "recursive", "not",
        "and", "or", "is", "x", "x.a", "messages", "loop", "loop.index", "caller()", "m", "m(", "(", ")", "[", "]", "{", "}", ",", ":", "|",
        ".", "=", "==", "<", "~", "+", "-", "*", "**", "//", "/", "%", "'a'", "\"b", "1", "2.5", "0x", "1e", "none", "true", "range(5)",
        "namespace(a=1)", "|length", "|tojson", "|join", "|map('upper')", "|first", "|sort", "|default(1)", "|list", "|int",
        "|replace('a','b')", "is defined", "is string", ".split()", ".items()", "[::-1]", "[1:]", "[0]", "|format(1)", "'%d'",
        "'{:>5}'.format(1)", "\n", " ", "🙂", "\\",
    ];

    [Fact]
    public void Mutations_of_a_template_render_or_fail_cleanly()
    {
        Random random = new(20260101);
        ChatTemplateConversation conversation = ChatTemplateConversation.Parse(Conversation);
        int rendered = 0;
        for (int i = 0; i < 3000; i++)
            rendered += TryRender(Mutate(Templates.Sample, random), conversation) ? 1 : 0;

        // Both happen, or the test says nothing.
        Assert.InRange(rendered, 100, 2900);
    }

    [Fact]
    public void Random_pieces_of_templates_render_or_fail_cleanly()
    {
        Random random = new(20260102);
        ChatTemplateConversation conversation = ChatTemplateConversation.Parse(Conversation);
        int rendered = 0;
        for (int i = 0; i < 10000; i++)
        {
            string inside = string.Join(' ', Enumerable.Range(0, random.Next(1, 8)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            rendered += TryRender(random.Next(3) == 0 ? inside : "{{ " + inside + " }}", conversation) ? 1 : 0;
        }

        Assert.InRange(rendered, 100, 9900);
    }

    private static bool TryRender(string template, ChatTemplateConversation conversation)
    {
        try
        {
            RenderedPrompt prompt = new ChatTemplate(
                template,
                new()
                {
                    Limits = new() { Steps = 20_000, Allocated = 1 << 20 },
                }
            ).Render(conversation);
            int end = 0;
            foreach (System.Range range in prompt.TrustedRanges)
            {
                Assert.True(end <= range.Start.Value && range.Start.Value < range.End.Value && range.End.Value <= prompt.Text.Length);
                end = range.End.Value + 1;
            }

            return true;
        }
        catch (TemplateException)
        {
            return false;
        }
    }

    private static string Mutate(string text, Random random)
    {
        for (int edits = random.Next(1, 4); edits > 0; edits--)
        {
            int at = random.Next(text.Length), length = Math.Min(random.Next(1, 12), text.Length - at);
            text = random.Next(4) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, Pieces[random.Next(Pieces.Length)]),
                2 => text.Insert(at, text.Substring(random.Next(text.Length - length), length)),
                _ => text.Remove(at, length).Insert(at, Pieces[random.Next(Pieces.Length)]),
            };
        }

        return text;
    }
}
