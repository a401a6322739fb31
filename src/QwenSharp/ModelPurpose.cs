namespace QwenSharp;

/// <summary>What a model was trained for, as far as its files say. What another use of it gives means nothing.</summary>
public enum ModelPurpose
{
    /// <summary>To go on with texts and conversations.</summary>
    Text,

    /// <summary>To judge how safe a conversation is (Qwen3Guard); it answers conversations too, with verdicts.</summary>
    Safety,

    /// <summary>To embed texts (<see cref="TextEmbedder"/>).</summary>
    Embedding,

    /// <summary>To rank documents (<see cref="Reranker"/>).</summary>
    Ranking,
}
