using System.Runtime.InteropServices;
using System.Threading.Channels;
using QwenSharp.Models;

namespace QwenSharp.Engine;

/// <summary>One sequence on its way: its tokens so far, its memory while it runs, and where its answer goes.</summary>
internal sealed class Sequence
{
    private readonly List<int> _tokens;
    private readonly HashSet<int> _stopTokens;
    private readonly RepetitionWatch _repetition = new();
    private readonly int _promptLength;
    private readonly CancellationToken _cancellation;
    private volatile bool _abandoned;
    private int _readers;

    /// <summary>Forced tokens that are computed in one step with the token before them.</summary>
    public const int MostForced = 16;

    /// <param name="request">A validated request.</param>
    /// <param name="maxTokens">Tokens to generate at most, within the context.</param>
    /// <param name="cancellation">Ends the sequence.</param>
    /// <param name="prompt">What it shares with the other choices of its request; null where it is the only one.</param>
    /// <param name="owner">Whom it is for; null for nobody else.</param>
    public Sequence(
        GenerationRequest request,
        int maxTokens,
        CancellationToken cancellation,
        SharedPrompt? prompt = null,
        object? owner = null)
    {
        _cancellation = cancellation;
        (Logprobs, TopLogprobs, Adapter) = (request.Logprobs, request.TopLogprobs, request.Adapter);
        _tokens = [.. request.Prompt.Span];
        _promptLength = _tokens.Count;
        Constraint = request.Constraint?.Invoke();
        Stops = StatePoints.Of(request.CachePoints, _promptLength);
        _stopTokens = [.. request.StopTokens];
        MaxTokens = _tokens.Count + maxTokens;
        Sampling = new SamplingState(request.Sampling, _tokens);
        Prompt = prompt;
        Owner = owner ?? this;
        Priority = request.Priority;
    }

    public SamplingState Sampling { get; }

    public bool Logprobs { get; }

    public int TopLogprobs { get; }

    public FittedAdapter? Adapter { get; }

    /// <summary>What the answer is held to; null for nothing.</summary>
    public ITokenConstraint? Constraint { get; }

    /// <summary>Positions of the prompt whose recurrent states are worth keeping, in ascending order.</summary>
    public int[] Stops { get; }

    /// <summary>What the prefix cache had of the prompt when it began; delivered with the first token.</summary>
    public PromptReuse? Reuse { get; set; }

    /// <summary>Whether the answer is complete, and the memory to be left at the end of the step.</summary>
    public bool IsFinished { get; set; }

    /// <summary>Tokens that it may come to have, the prompt's included.</summary>
    public int MaxTokens { get; }

    /// <summary>What it shares with the other choices of its request.</summary>
    public SharedPrompt? Prompt { get; }

    /// <summary>Whose turn is taken when it begins.</summary>
    public object Owner { get; }

    /// <summary>See <see cref="GenerationRequest.Priority"/>.</summary>
    public int Priority { get; }

    /// <summary>The class of its priority, the highest being 0.</summary>
    public int Rank => ClassTurns.RankOf(Priority);

    /// <summary>Its place in the order of arrival.</summary>
    public long Number { get; set; }

    /// <summary>Whether it ran already, if only to make room for others again.</summary>
    public bool HasBegun { get; set; }

    /// <summary>Where the answer is delivered; unbounded, as a consumer that does not read must not hold up the others.</summary>
    public Channel<GeneratedToken> Answer { get; } =
        Channel.CreateUnbounded<GeneratedToken>(new() { SingleReader = true, SingleWriter = true });

    /// <summary>The prompt and what was generated.</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>What is kept of its computed tokens, while it runs.</summary>
    public SequenceMemory? Memory { get; set; }

    /// <summary>How many tokens are still to be computed; 1 while the sequence decodes, a few where some were forced.</summary>
    public int Pending => _tokens.Count - (Memory?.Length ?? 0);

    /// <summary>Rows that the step at hand computes of it.</summary>
    public int Rows { get; set; }

    /// <summary>
    /// Whether it goes on with its answer: what is to be computed are tokens that were chosen or forced in the last step.
    /// </summary>
    public bool IsDecoding => Pending == 1 || (_tokens.Count - Pending >= _promptLength && Pending <= MostForced);

    /// <summary>
    /// How many tokens the next step may compute: the one that leads the choices of a prompt stops where they part, and a hybrid model
    /// where a state is worth keeping.
    /// </summary>
    public int Ready
    {
        get
        {
            int length = Memory!.Length;
            int end = Prompt is { } prompt && prompt.Leader == this && length < prompt.Length ? prompt.Length : _tokens.Count;
            if (Memory.KeepsStates)
            {
                int next = Array.FindIndex(Stops, stop => stop > length);
                if (next >= 0)
                    end = Math.Min(end, Stops[next]);
            }

            return end - length;
        }
    }

    /// <summary>Whether it can begin: not while another choice computes the prompt.</summary>
    public bool CanBegin => Prompt is not { Leader: not null, Memory: null };

    public bool IsCancelled => _abandoned || _cancellation.IsCancellationRequested;

    /// <summary>The consumer has left; any thread may say so.</summary>
    public void Abandon() => _abandoned = true;

    /// <summary>Whether nobody has read the answer yet; the one who asks does from now on.</summary>
    public bool TryRead() => Interlocked.Exchange(ref _readers, 1) == 0;

    public OperationCanceledException Cancellation() => new(_cancellation);

    /// <summary>Appends a chosen or forced token, and says whether the answer ends with it.</summary>
    public FinishReason? Append(int token)
    {
        _tokens.Add(token);
        Sampling.Observe();
        Constraint?.Accept(token);
        return _stopTokens.Contains(token) ? FinishReason.Stop
            : _tokens.Count >= MaxTokens ? FinishReason.Length
            : _repetition.Observe(Tokens[_promptLength..]) ? FinishReason.Repetition
            : null;
    }
}
