using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>One layer of a pre-norm decoder: h += attention(norm(h)), then h += feedForward(norm(h)).</summary>
internal sealed record DecoderLayer(Tensor AttentionNorm, Attention Attention, Tensor FeedForwardNorm, FeedForward FeedForward);
