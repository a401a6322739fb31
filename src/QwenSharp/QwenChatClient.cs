using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Chat.Streaming;
using QwenSharp.Constraints;
using QwenSharp.Engine;
using QwenSharp.Faults;

namespace QwenSharp;

/// <summary>
/// A chat client on a model in this process: renders the conversation with the model's own template, generates, and splits
/// the answer into reasoning (<see cref="TextReasoningContent"/>), text and tool calls (<see cref="FunctionCallContent"/>), which updates
/// announce piece by piece as <see cref="CallFragment"/>s while they are written.
/// </summary>
/// <remarks>
/// Control tokens in messages stay text, so nobody can forge a turn. Options that cannot be honoured are refused by name; those beyond
/// <see cref="ChatOptions"/> are named in <see cref="ChatOptionKeys"/>. What is left open is drawn as
/// <see cref="QwenModel.RecommendedSampling"/> says. Safe to use from several threads: requests are computed in one batch.
/// </remarks>
/// <param name="model">The model; it stays the caller's to dispose.</param>
/// <param name="modelId">Which of <see cref="QwenModel.Names"/> answers requests whose <see cref="ChatOptions.ModelId"/> is null: an
/// adapter's, or null for the model's own.</param>
public sealed class QwenChatClient(QwenModel model, string? modelId = null) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("qwensharp", defaultModelId: modelId ?? model.Id);

    /// <summary>Answers a conversation: the stream of <see cref="GetStreamingResponseAsync"/>, folded.</summary>
    /// <inheritdoc cref="GetStreamingResponseAsync" path="/param|/exception"/>
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <summary>Answers a conversation while it is generated. The request is checked at once.</summary>
    /// <param name="messages">The conversation; texts, reasoning, tool calls and tool results.</param>
    /// <param name="options">Sampling, limits, tools; null for the model's defaults.</param>
    /// <param name="cancellationToken">Ends the answer within one step of the engine.</param>
    /// <exception cref="NotSupportedException">A message or an option has something that this model cannot honour; the message names
    /// it.</exception>
    /// <exception cref="ArgumentException">An option is out of range or the conversation longer than the context; the parameter name says
    /// which.</exception>
    /// <exception cref="TemplateException">The model's template refuses the conversation.</exception>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponses(messages, choices: 1, options, cancellationToken)[0];

    /// <summary>
    /// Answers a conversation several times at once. It is checked, rendered and tokenised once, and its answers are given to the model
    /// together.
    /// </summary>
    /// <param name="messages">The conversation; texts, reasoning, tool calls and tool results.</param>
    /// <param name="choices">How many answers; a seed counts up from one to the next.</param>
    /// <param name="options">Sampling, limits, tools; null for the model's defaults.</param>
    /// <param name="cancellationToken">Ends the answers within one step of the engine.</param>
    /// <returns>The answers, each a stream of its own that begins with its enumeration.</returns>
    /// <inheritdoc cref="GetStreamingResponseAsync" path="/exception"/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> GetStreamingResponses(
        IEnumerable<ChatMessage> messages, int choices, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ChatTemplate template = model.Template;
        ChatRequest request = Read(options);
        messages = [.. messages];
        RequireRoom(messages);
        RenderedPrompt prompt = template.Render(messages, request.Prompt);
        int[] ids = Encode(prompt);
        return
        [
            .. Complete(ids, choices, request with { Generation = Held(request, prompt) }, cancellationToken).Select(chunks =>
            {
                HeldCalls? held = ReplyPlanner.HeldCalls(request.Answer, template.Format, request.Prompt.Thinking);
                ReplySplitter splitter = new(template.Format, request.Answer.Callable, prompt.OpensReasoning, held);
                return Answer(chunks, ids, splitter, request, cancellationToken);
            }),
        ];
    }

    /// <summary>The tokens of the prompt that a conversation becomes, before it is computed.</summary>
    /// <inheritdoc cref="GetStreamingResponseAsync" path="/param|/exception"/>
    public int CountPromptTokens(IEnumerable<ChatMessage> messages, ChatOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Encode(model.Template.Render(messages, Read(options).Prompt)).Length;
    }

    /// <summary>The text of the model's chat template.</summary>
    public string Template => model.Template.Source;

    /// <summary>The prompt that a conversation becomes, as text and as token ids, before it is computed.</summary>
    /// <inheritdoc cref="GetStreamingResponseAsync" path="/param|/exception"/>
    public (string Text, IReadOnlyList<int> Tokens) RenderPrompt(IEnumerable<ChatMessage> messages, ChatOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        RenderedPrompt prompt = model.Template.Render(messages, Read(options).Prompt);
        return (prompt.Text, Encode(prompt));
    }

    /// <summary>Gives the <see cref="QwenModel"/>, the client itself, or its <see cref="ChatClientMetadata"/>.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;

        return serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(model) ? model
            : serviceType.IsInstanceOfType(_metadata) ? _metadata
            : null;
    }

    /// <summary>Does nothing: the model is the caller's.</summary>
    public void Dispose()
    {
    }

    private ChatRequest Read(ChatOptions? options) => ChatRequest.Read(
        options,
        model,
        modelId ?? model.Id,
        thinks => model.RecommendedSampling(thinks && model.Template.Format.Reasons));

    private void RequireRoom(IEnumerable<ChatMessage> messages)
    {
        try
        {
            model.RequireRoom([.. messages.SelectMany(message => message.Contents).Select(TextOf)]);
        }
        catch (OptionException fault)
        {
            throw new OptionException(fault.Fault.Renamed(Conversation), fault);
        }
    }

    // What every template shows; earlier reasoning, some leave out.
    private static string TextOf(AIContent content) => content switch
    {
        TextContent text => text.Text,
        FunctionResultContent { Result: string result } => result,
        _ => "",
    };

    private TextGenerationOptions Held(ChatRequest request, RenderedPrompt prompt) => request.Generation with
    {
        Constraint = model.Replies.Plan(request.Answer, model.Template.Format, prompt.OpensReasoning, request.Prompt.Thinking),
    };

    private int[] Encode(RenderedPrompt prompt)
    {
        List<int> ids = [];
        model.Tokenizer.Encode(prompt.Text, [.. prompt.TrustedRanges], ids);
        model.Tokenizer.Begin(ids);
        return [.. ids];
    }

    // A prompt begins with the control token that opens a turn, and text of the conversation is never read as one.
    private int[] TurnsOf(int[] prompt) => prompt.Length > 0 && model.Tokenizer.IsControl(prompt[0])
        ? [.. Enumerable.Range(1, prompt.Length - 1).Where(position => prompt[position] == prompt[0])]
        : [];

    // What the engine calls the prompt is the caller's conversation.
    private static string? Conversation(string name) =>
        name == nameof(GenerationRequest.Prompt) ? nameof(ChatTemplateConversation.Messages) : null;

    private IReadOnlyList<IAsyncEnumerable<TextChunk>> Complete(
        int[] prompt, int choices, ChatRequest request, CancellationToken cancellationToken)
    {
        try
        {
            TextGenerationOptions generation = request.Generation with { CachePoints = TurnsOf(prompt) };
            return model.CompleteAsync(prompt, choices, generation, cancellationToken);
        }
        catch (OptionException fault)
        {
            throw new OptionException(ChatRequest.Neutral(fault.Fault).Renamed(Conversation), fault);
        }
    }

    private async IAsyncEnumerable<ChatResponseUpdate> Answer(
        IAsyncEnumerable<TextChunk> chunks,
        int[] prompt,
        ReplySplitter splitter,
        ChatRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        TextGenerationOptions options = request.Generation;
        UpdateWriter writer = new($"chatcmpl-{Guid.NewGuid():N}", options.Adapter ?? model.Id, model.Describe(prompt), options.Logprobs);
        await foreach (TextChunk chunk in chunks.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            List<AIContent> contents = [.. splitter.Push(chunk.Text[..(chunk.FormStart ?? chunk.Text.Length)])];
            if (chunk.FormStart is { } formStart)
            {
                contents.AddRange(splitter.BeginForm());
                contents.AddRange(splitter.Push(chunk.Text[formStart..]));
            }

            if (chunk.Finish is not null)
                contents.AddRange(splitter.Finish());

            if (!request.Answer.TellsReasoning)
                contents.RemoveAll(content => content is TextReasoningContent);

            foreach (ChatResponseUpdate update in writer.Write(chunk, contents, splitter.IsReasoned))
                yield return update;
        }
    }
}
