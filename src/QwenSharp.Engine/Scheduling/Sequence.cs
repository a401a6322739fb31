using System.Runtime.InteropServices;
using System.Threading.Channels;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>One request on its way: its tokens so far, what of them lies in the KV cache, and where its answer goes.</summary>
internal sealed class Sequence
{
    private readonly List<int> _tokens;
    private readonly HashSet<int> _stopTokens;
    private readonly int _maxTokens;
    private readonly int[] _blocks;
    private readonly CancellationToken _cancellation;
    private volatile bool _abandoned;

    /// <param name="request">A validated request.</param>
    /// <param name="maxTokens">Tokens to generate at most, within the context.</param>
    /// <param name="cancellation">Ends the sequence.</param>
    public Sequence(GenerationRequest request, int maxTokens, CancellationToken cancellation)
    {
        _cancellation = cancellation;
        (Logprobs, TopLogprobs, Adapter) = (request.Logprobs, request.TopLogprobs, request.Adapter);
        _tokens = [.. request.Prompt.Span];
        _stopTokens = [.. request.StopTokens];
        _maxTokens = _tokens.Count + maxTokens;
        _blocks = new int[BlocksFor(_maxTokens)];
        Sampling = new SamplingState(request.Sampling, _tokens);
    }

    public SamplingState Sampling { get; }

    public bool Logprobs { get; }

    public int TopLogprobs { get; }

    public FittedAdapter? Adapter { get; }

    /// <summary>Where the answer is delivered; unbounded, as a consumer that does not read must not hold up the others.</summary>
    public Channel<GeneratedToken> Answer { get; } =
        Channel.CreateUnbounded<GeneratedToken>(new() { SingleReader = true, SingleWriter = true });

    /// <summary>The prompt and what was generated.</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>How many tokens' keys and values are in the KV cache, and have gone through the recurrent states.</summary>
    public int Computed { get; set; }

    /// <summary>How many tokens are still to be computed; 1 while the sequence decodes.</summary>
    public int Pending => _tokens.Count - Computed;

    /// <summary>The numbers of its KV blocks, of which the first <see cref="BlockCount"/> are its own.</summary>
    public int[] Blocks => _blocks;

    public int BlockCount { get; private set; }

    /// <summary>Where its recurrent states are, while it runs; −1 while it waits.</summary>
    public int Slot { get; set; } = -1;

    public bool IsCancelled => _abandoned || _cancellation.IsCancellationRequested;

    public static int BlocksFor(int tokens) => (tokens + KvStore.BlockTokens - 1) / KvStore.BlockTokens;

    /// <summary>The consumer has left; any thread may say so.</summary>
    public void Abandon() => _abandoned = true;

    public OperationCanceledException Cancellation() => new(_cancellation);

    public void AddBlock(int block) => _blocks[BlockCount++] = block;

    /// <summary>Gives all blocks and the slot back: what was computed is to be computed again, should the sequence go on.</summary>
    public void Release(BlockAllocator blocks, BlockAllocator slots)
    {
        while (BlockCount > 0)
            blocks.Return(_blocks[--BlockCount]);

        if (Slot >= 0)
            slots.Return(Slot);

        Slot = -1;

        Computed = 0;
    }

    /// <summary>Appends a chosen token, and says whether the answer ends with it.</summary>
    public FinishReason? Append(int token)
    {
        _tokens.Add(token);
        Sampling.Observe();
        return _stopTokens.Contains(token) ? FinishReason.Stop : _tokens.Count >= _maxTokens ? FinishReason.Length : null;
    }
}
