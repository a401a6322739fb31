using System.Text.Json;

namespace QwenSharp.Chat.Tests;

/// <summary>Short ways to render, and a template of the tests' own in the manner of published ones.</summary>
internal static class Templates
{
    public const string Sample = """
        {%- set ns = namespace(last=-1) %}
        {%- for message in messages %}{% if message.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}
        {%- macro parts(content) %}
            {%- if content is string %}{{ content }}
            {%- elif content %}{% for part in content %}{{ part.text if part.type == 'text' else '<|image_pad|>' }}{% endfor %}{% endif %}
        {%- endmacro %}
        {%- if tools %}
            {{- '<|im_start|>system\n<tools>' }}
            {%- for tool in tools %}{{ '\n' ~ (tool | tojson) }}{% endfor %}
            {{- '\n</tools> as <tool_call>{"name": …}</tool_call><|im_end|>\n' }}
        {%- endif %}
        {%- for message in messages %}
            {{- '<|im_start|>' + message.role + '\n' }}
            {%- if message.reasoning_content and loop.index0 > ns.last %}{{ '<think>\n' + message.reasoning_content.strip('\n') + '\n</think>\n\n' }}{% endif %}
            {{- parts(message.content) | trim }}
            {%- for call in message.tool_calls %}
                {{- '\n<tool_call>{"name": "' ~ call.function.name ~ '", "arguments": ' ~ (call.function.arguments | tojson) ~ '}</tool_call>' }}
            {%- endfor %}
            {{- '<|im_end|>\n' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\n' }}
            {%- if enable_thinking is defined and enable_thinking %}{{ '<think>\n' }}{% endif %}
        {%- endif %}
        """;

    public static string Text(string template, string variables = "{}") => Render(template, variables).Text;

    public static RenderedPrompt Render(string template, string variables = "{}", ChatTemplateOptions? options = null)
    {
        using JsonDocument document = JsonDocument.Parse(variables);
        return new ChatTemplate(template, options).Render(new ChatTemplateConversation
        {
            Messages = JsonElement.Parse("[]"),
            Arguments = document.RootElement.EnumerateObject().ToDictionary(property => property.Name, property => property.Value),
        });
    }

    public static TemplateException Fails(string template, string variables = "{}", ChatTemplateOptions? options = null) =>
        Assert.Throws<TemplateException>(() => Render(template, variables, options));

    /// <summary>The prompt with what is not the template's own put between ⟦ and ⟧.</summary>
    public static string Marked(RenderedPrompt prompt)
    {
        string marked = string.Empty;
        int done = 0;
        foreach (System.Range range in prompt.TrustedRanges)
        {
            marked += Untrusted(prompt.Text[done..range.Start.Value]) + prompt.Text[range];
            done = range.End.Value;
        }

        return marked + Untrusted(prompt.Text[done..]);

        static string Untrusted(string text) => text.Length == 0 ? text : $"⟦{text}⟧";
    }
}
