using Microsoft.Extensions.AI;
using QwenSharp.Chat.Conversations;
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
    private readonly Lazy<TemplateDemands> _demands;

    /// <summary>Reads a template.</summary>
    /// <exception cref="TemplateException">The template's syntax is wrong; the message names the line.</exception>
    public ChatTemplate(string source, ChatTemplateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        Source = source;
        _options = options ?? new();
        _body = Parser.Parse(source);
        Format = ReplyFormat.Of(source);
        _demands = new(() => TemplateDemands.Of(this));
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

    /// <summary>
    /// Renders neutral chat messages as they come, in whatever order of roles: what the template would refuse or misread is put into the
    /// form that it takes (docs/api.md lists how), and in the form of <see cref="ChatTemplateConversation.From"/>.
    /// </summary>
    /// <exception cref="NotSupportedException">A message, tool or option has something that templates have no form for; the message names
    /// it.</exception>
    /// <exception cref="ArgumentException">An option has a value of the wrong type, or the last message is to be gone on with and is not
    /// the assistant's.</exception>
    /// <exception cref="TemplateException">The template refuses the conversation, fails on it, or runs past a limit.</exception>
    public RenderedPrompt Render(IEnumerable<ChatMessage> messages, ChatOptions? options = null) =>
        Render(messages, PromptOptions.Read(options));

    /// <summary>As the other, for options already read.</summary>
    /// <inheritdoc cref="Render(IEnumerable{ChatMessage}, ChatOptions?)" path="/exception"/>
    public RenderedPrompt Render(IEnumerable<ChatMessage> messages, PromptOptions options)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentNullException.ThrowIfNull(options);
        List<ChatMessage> turns = SettledMessages.Of(messages, _demands.Value);
        return options.ContinueFinalMessage
            ? FinalMessage.GoOn(this, turns, options)
            : Render(ChatTemplateConversation.Of(turns, options));
    }

    /// <summary>A splitter for the reply to a prompt of this template. Tool calls are recognised if the options offer tools.</summary>
    public ReplySplitter CreateSplitter(RenderedPrompt prompt, ChatOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return new ReplySplitter(Format, PromptOptions.Read(options).Tools, prompt.OpensReasoning);
    }
}
