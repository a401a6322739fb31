using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>
/// A block of computed positions in the tree of what is kept: its path from the root is the text before it. A block that is not full has
/// no children.
/// </summary>
/// <param name="parent">The block before; null at a root, which has no block.</param>
/// <param name="tokens">The tokens whose keys and values the block holds.</param>
/// <param name="block">Its number in the KV cache.</param>
internal sealed class PrefixNode(PrefixNode? parent, int[] tokens, int block)
{
    private readonly Dictionary<int, List<PrefixNode>> _children = [];

    public PrefixNode? Parent => parent;

    public ReadOnlySpan<int> Tokens => tokens;

    public int Block => block;

    /// <summary>The position of its first token.</summary>
    public int Start { get; } = parent is null ? 0 : parent.End;

    /// <summary>The position behind its last token.</summary>
    public int End => Start + tokens.Length;

    /// <summary>Recurrent states at positions behind <see cref="Start"/>, up to <see cref="End"/>.</summary>
    public List<KeptState> States { get; } = [];

    public bool IsFull => tokens.Length == KvStore.BlockTokens;

    /// <summary>The child that has most of these tokens in common, and how many; null where none has the first.</summary>
    public (PrefixNode? Child, int Common) Nearest(ReadOnlySpan<int> next)
    {
        (PrefixNode? Child, int Common) nearest = default;
        if (next.Length == 0 || !_children.TryGetValue(next[0], out List<PrefixNode>? children))
            return nearest;

        foreach (PrefixNode child in children)
        {
            int common = child.Tokens.CommonPrefixLength(next);
            if (common > nearest.Common)
                nearest = (child, common);
        }

        return nearest;
    }

    /// <summary>The children whose tokens begin those of another.</summary>
    public IEnumerable<PrefixNode> BeginningsOf(PrefixNode other) =>
        _children.TryGetValue(other.Tokens[0], out List<PrefixNode>? children)
            ? [.. children.Where(child => child != other && other.Tokens.StartsWith(child.Tokens))]
            : [];

    public void Add(PrefixNode child)
    {
        if (!_children.TryGetValue(child.Tokens[0], out List<PrefixNode>? children))
            _children.Add(child.Tokens[0], children = []);

        children.Add(child);
    }

    public void Remove(PrefixNode child)
    {
        List<PrefixNode> children = _children[child.Tokens[0]];
        children.Remove(child);
        if (children.Count == 0)
            _children.Remove(child.Tokens[0]);
    }

    /// <summary>The state at a position; null where none is kept.</summary>
    public KeptState? StateAt(int position) => States.Find(state => state.Position == position);
}

/// <summary>A recurrent state that is kept.</summary>
/// <param name="Position">How many tokens it has seen.</param>
/// <param name="Slot">Where it lies in the store of recurrent states.</param>
internal sealed record KeptState(int Position, int Slot)
{
    /// <summary>The block that it stands in, once that is in the tree.</summary>
    public PrefixNode? Node { get; set; }
}
