using Microsoft.Extensions.AI;
using QwenSharp.Agent.Events;

namespace QwenSharp.Agent.Loop;

/// <summary>An answer of the model, whole.</summary>
/// <param name="Message">What it said, thought and called.</param>
/// <param name="Usage">Its tokens; null where the endpoint does not say.</param>
/// <param name="Finish">Why it ended; null where the endpoint does not say.</param>
/// <param name="Model">Who answered; null where the endpoint does not say.</param>
internal sealed record StepAnswer(ChatMessage Message, UsageDetails? Usage, ChatFinishReason? Finish, string? Model)
{
    /// <summary>The tools that it calls.</summary>
    public IReadOnlyList<FunctionCallContent> Calls { get; } = [.. Message.Contents.OfType<FunctionCallContent>()];
}

/// <summary>One request to the model, told while it is answered, and sent again where it failed in a way that passes.</summary>
/// <param name="client">Who answers.</param>
/// <param name="options">How often it is sent, and what a failure means.</param>
/// <param name="time">The clock of the pauses.</param>
/// <param name="tell">Takes what happens.</param>
internal sealed class ModelStep(IChatClient client, AgentOptions options, TimeProvider time, Action<AgentEvent> tell)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>Asks.</summary>
    /// <exception cref="ModelException">There is no answer.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public async Task<StepAnswer> AskAsync(IReadOnlyList<ChatMessage> messages, ChatOptions asked, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            ModelFault fault;
            try
            {
                return await OnceAsync(messages, asked, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                fault = options.FaultOf(failure);
                if (fault.Kind != ModelFaultKind.Transient || attempt >= options.MostAttempts)
                    throw new ModelException(fault, failure);
            }

            TimeSpan pause = fault.RetryAfter ?? TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << (attempt - 1), LongestPause.Ticks));
            tell(new RequestRetried(fault.Problem, attempt, pause));
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<StepAnswer> OnceAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions asked, CancellationToken cancellationToken)
    {
        List<ChatResponseUpdate> updates = [];

        // Clients may change the options that they get.
        IAsyncEnumerable<ChatResponseUpdate> answer = client.GetStreamingResponseAsync(messages, asked.Clone(), cancellationToken);
        await foreach (ChatResponseUpdate update in answer.ConfigureAwait(false))
        {
            updates.Add(update);
            foreach (AIContent content in update.Contents)
            {
                if (content is TextReasoningContent { Text.Length: > 0 } thought)
                    tell(new ThinkingDelta(thought.Text));
                else if (content is TextContent { Text.Length: > 0 } text)
                    tell(new TextDelta(text.Text));
            }
        }

        ChatResponse whole = updates.ToChatResponse();
        ChatMessage message = whole.Messages is [{ Role: var role } only] && role == ChatRole.Assistant
            ? only
            : new ChatMessage(ChatRole.Assistant, [.. whole.Messages.SelectMany(part => part.Contents)]) { MessageId = whole.ResponseId };
        message.Contents = [.. message.Contents.Where(content => content is not (TextContent { Text.Length: 0 } or UsageContent))];
        return new StepAnswer(message, whole.Usage, whole.FinishReason, whole.ModelId);
    }
}

/// <summary>The model did not answer.</summary>
/// <param name="fault">Why.</param>
/// <param name="inner">What failed.</param>
internal sealed class ModelException(ModelFault fault, Exception inner) : Exception(fault.Problem, inner)
{
    /// <summary>Why.</summary>
    public ModelFault Fault { get; } = fault;
}
