using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// A block that drafts the token after next (MTP: Gloeckle et al., 2024; DeepSeek-V3, 2024): one decoder layer over a mixture of the
/// hidden state behind the last layer and the embedding of the token that was chosen from it.
/// </summary>
/// <param name="EmbeddingNorm">RMSNorm of the embedding.</param>
/// <param name="HiddenNorm">RMSNorm of the hidden state.</param>
/// <param name="Mix">[2 × width, width]: of the embedding and then the hidden state.</param>
/// <param name="Layer">The decoder layer, with attention.</param>
/// <param name="Embedding">An embedding table of its own, or null for the model's.</param>
/// <param name="OutputNorm">A norm before the head of its own, or null for the model's.</param>
/// <param name="Head">An output head of its own, or null for the model's.</param>
internal sealed record NextTokenBlock(
    Tensor EmbeddingNorm, Tensor HiddenNorm, Linear Mix, DecoderLayer Layer, Tensor? Embedding, Tensor? OutputNorm, Linear? Head)
{
    /// <summary>
    /// Takes the weights of the block that the reader has entered, of which <paramref name="layer"/> are its decoder layer's.
    /// </summary>
    public static NextTokenBlock Read(WeightReader weights, ModelConfig config, DecoderLayer layer) =>
        new(
            weights.Vector("nextn.enorm.weight", config.Width),
            weights.Vector("nextn.hnorm.weight", config.Width),
            weights.Linear("nextn.eh_proj", 2 * config.Width, config.Width),
            layer,
            weights.Has("nextn.embed_tokens.weight")
                ? weights.Matrix("nextn.embed_tokens.weight", config.Width, config.VocabularySize)
                : null,
            weights.Has("nextn.shared_head_norm.weight") ? weights.Vector("nextn.shared_head_norm.weight", config.Width) : null,
            weights.Has("nextn.shared_head_head.weight")
                ? weights.Linear("nextn.shared_head_head", config.Width, config.VocabularySize)
                : null);

    /// <summary>Writes the mixture into <see cref="Workspace.Hidden"/>.</summary>
    public void Begin(Compute compute, Tensor embedding, ReadOnlySpan<int> tokens, Activations hidden, float epsilon, Workspace w)
    {
        int rows = tokens.Length;
        compute.Embed(Embedding ?? embedding, tokens, w.Hidden);
        compute.RmsNorm(w.Hidden, rows, EmbeddingNorm, epsilon, w.Hidden);
        compute.RmsNorm(hidden, rows, HiddenNorm, epsilon, w.Normed);
        compute.JoinRows(w.Hidden, w.Normed, rows, w.NextTokenInputs!);
        w.Project(compute, w.NextTokenInputs!, rows, Mix.Into(w.Hidden));
    }
}
