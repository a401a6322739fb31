namespace QwenSharp.Models;

/// <summary>How the final hidden states of a text become one answer. The numeric values are GGUF's (<c>pooling_type</c>).</summary>
public enum Pooling
{
    /// <summary>They do not: the model continues texts.</summary>
    None = 0,

    /// <summary>The last token's is the text's embedding (Qwen3-Embedding).</summary>
    Last = 3,

    /// <summary>The last token's says how well the text answers a question (Qwen3-Reranker).</summary>
    Rank = 4,
}
