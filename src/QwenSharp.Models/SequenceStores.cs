using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>What the layers keep of the sequences: keys and values where they have attention, states where they are recurrent.</summary>
internal readonly record struct SequenceStores(KvStore Cache, RecurrentStore? States);
