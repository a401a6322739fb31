using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>One layer of a pre-norm decoder: h += mixer(norm(h)), then h += feedForward(norm(h)).</summary>
internal sealed record DecoderLayer(Tensor MixerNorm, IMixer Mixer, Tensor FeedForwardNorm, IFeedForward FeedForward);
