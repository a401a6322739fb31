using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.DashScope;

/// <summary>The answers of text generation on DashScope's wire: in pieces while they come, or folded into one reply.</summary>
public static class GenerationStream
{
    // What the protocol writes for a reason that is not there yet.
    private const string GoesOn = "null";

    /// <summary>Each part as a piece: what is new, or all that was said so far; the last with the usage.</summary>
    /// <param name="answers">The answers.</param>
    /// <param name="request">What the request asks of them.</param>
    /// <param name="requestId">The request's name.</param>
    /// <param name="cancellationToken">Stops the stream.</param>
    public static async IAsyncEnumerable<GenerationReply> ToPiecesAsync(
        AnswerStream answers,
        GenerationRequest request,
        string requestId,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(answers);
        ArgumentNullException.ThrowIfNull(request);
        Dictionary<int, Said> said = [];
        int ended = 0;
        await foreach (AnswerPart part in answers.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!part.HasContent && part.Finish is null)
                continue;

            if (!said.TryGetValue(part.Choice, out Said? all))
                said.Add(part.Choice, all = new Said(part.Choice));

            if (request.IsIncremental)
                all.Clear();

            all.Add(part);
            ended += part.Finish is null ? 0 : 1;
            GenerationUsage? usage = ended == request.Choices ? GenerationUsage.Of(answers.Usage) : null;
            yield return new GenerationReply(Output(all, request), usage, requestId);
        }
    }

    /// <summary>The answers as one reply.</summary>
    public static async Task<GenerationReply> FoldAsync(
        AnswerStream answers, GenerationRequest request, string requestId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(answers);
        ArgumentNullException.ThrowIfNull(request);
        SortedDictionary<int, Said> said = [];
        await foreach (AnswerPart part in answers.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!said.TryGetValue(part.Choice, out Said? all))
                said.Add(part.Choice, all = new Said(part.Choice));

            all.Add(part);
        }

        GenerationOutput output = request.AsMessage
            ? new GenerationOutput { Choices = [.. said.Values.Select(all => Choice(all, request))] }
            : Output(said[0], request);
        return new GenerationReply(output, GenerationUsage.Of(answers.Usage), requestId);
    }

    private static GenerationOutput Output(Said said, GenerationRequest request) => request.AsMessage
        ? new GenerationOutput { Choices = [Choice(said, request)] }
        : new GenerationOutput
        {
            Text = said.Text.ToString(),
            ReasoningContent = said.Reasoning.Length > 0 ? said.Reasoning.ToString() : null,
            FinishReason = Word(said.Finish),
        };

    private static GenerationChoice Choice(Said said, GenerationRequest request) => new(
        Word(said.Finish),
        new GenerationMessage(said.Text.ToString())
        {
            ReasoningContent = said.Reasoning.Length > 0 ? said.Reasoning.ToString() : null,
            ToolCalls = said.Calls.Calls is [_, ..] calls ? [.. calls.Select(GenerationCall.Of)] : null,
        })
    {
        Index = request.Choices > 1 ? said.Choice : null,
        Logprobs = said.Tokens.Count > 0 ? GenerationLogprobs.Of(said.Tokens) : null,
    };

    // An answer that was ended for a reason that clients do not know, such as endless repetition, is cut.
    private static string Word(ChatFinishReason? reason) => reason?.Value switch
    {
        null => GoesOn,
        "stop" or "length" or "tool_calls" => reason.Value.Value,
        _ => "length",
    };

    /// <summary>What was said of one answer.</summary>
    private sealed class Said(int choice)
    {
        public int Choice => choice;

        public StringBuilder Text { get; } = new();

        public StringBuilder Reasoning { get; } = new();

        public CallFold Calls { get; } = new();

        public List<TextToken> Tokens { get; } = [];

        public ChatFinishReason? Finish { get; private set; }

        public void Add(AnswerPart part)
        {
            Text.Append(part.Text);
            Reasoning.Append(part.Reasoning);
            Calls.Add(part.Calls);
            Tokens.AddRange(part.Tokens);
            Finish = part.Finish;
        }

        public void Clear()
        {
            Text.Clear();
            Reasoning.Clear();
            Calls.Clear();
            Tokens.Clear();
        }
    }
}
