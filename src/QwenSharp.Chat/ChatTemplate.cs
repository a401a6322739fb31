using Microsoft.Extensions.AI;
using QwenSharp.Chat.Jinja;
using QwenSharp.Chat.Jinja.Syntax;
using QwenSharp.Chat.Streaming;

namespace QwenSharp.Chat;

/// <summary>
/// A model's chat template: Jinja as Hugging Face transformers sets it up (<c>trim_blocks</c>, <c>lstrip_blocks</c>, loop controls, an
/// immutable
/// sandbox, a <c>tojson</c> that leaves characters as they are). Read once; may render on any number of threads at a time.
/// </summary>
public sealed class ChatTemplate
{
    private readonly IReadOnlyList<Statement> _body;
    private readonly ChatTemplateOptions _options;

    /// <summary>Reads a template.</summary>
    /// <exception cref="TemplateException">The template's syntax is wrong; the message names the line.</exception>
    public ChatTemplate(string source, ChatTemplateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        Source = source;
        _options = options ?? new();
        _body = Parser.Parse(source);
        Format = ReplyFormat.Of(source);
    }

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>What replies to its prompts look like.</summary>
    public ReplyFormat Format { get; }

    /// <summary>Renders a conversation.</summary>
    /// <exception cref="TemplateException">The template refuses the conversation, fails on it, or runs past a limit.</exception>
    public RenderedPrompt Render(ChatTemplateConversation conversation)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        Runtime runtime = new(_options.Limits, _options.Clock);
        try
        {
            Scope scope = new(runtime);
            foreach ((string name, string token) in _options.SpecialTokens)
                scope[name] = Jinja.Text.FromTemplate(token);

            conversation.AddTo(scope);
            TextBuilder output = runtime.NewBuilder();
            Statement.ExecuteAll(_body, scope.Inner(), output);
            return RenderedPrompt.From(output.ToText());
        }
        catch (TemplateException exception)
        {
            exception.Line ??= runtime.Line > 0 ? runtime.Line : null;
            throw;
        }
    }

    /// <summary>Renders neutral chat messages; see <see cref="ChatTemplateConversation.From"/>.</summary>
    /// <exception cref="TemplateException">The template refuses the conversation, fails on it, or runs past a limit.</exception>
    public RenderedPrompt Render(IEnumerable<ChatMessage> messages, ChatOptions? options = null) =>
        Render(ChatTemplateConversation.From(messages, options));

    /// <summary>A splitter for the reply to a prompt of this template. Tool calls are recognised if the options offer tools.</summary>
    public ReplySplitter CreateSplitter(RenderedPrompt prompt, ChatOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return new ReplySplitter(Format, PromptOptions.Read(options).Tools, prompt.OpensReasoning);
    }
}
