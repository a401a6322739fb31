using QwenSharp.Models;

namespace QwenSharp.Training;

/// <summary>The matrices of a decoder layer: those that an adapter may update.</summary>
public enum BlockMatrix
{
    /// <summary>q_proj.</summary>
    Query,
    /// <summary>k_proj.</summary>
    Key,
    /// <summary>v_proj.</summary>
    Value,
    /// <summary>o_proj.</summary>
    Output,
    /// <summary>gate_proj.</summary>
    Gate,
    /// <summary>up_proj.</summary>
    Up,
    /// <summary>down_proj.</summary>
    Down,
}

/// <summary>What checkpoints call the matrices of a layer.</summary>
internal static class BlockMatrices
{
    /// <summary>All of them, in their order.</summary>
    public static readonly IReadOnlyList<BlockMatrix> All = Enum.GetValues<BlockMatrix>();

    /// <summary>GGUF's name: <c>attn_q</c> and so on.</summary>
    public static string GgufName(this BlockMatrix matrix) => matrix switch
    {
        BlockMatrix.Query => "attn_q",
        BlockMatrix.Key => "attn_k",
        BlockMatrix.Value => "attn_v",
        BlockMatrix.Output => "attn_output",
        BlockMatrix.Gate => "ffn_gate",
        BlockMatrix.Up => "ffn_up",
        _ => "ffn_down",
    };

    /// <summary>The features that a matrix maps from and to.</summary>
    public static (int Inputs, int Outputs) WidthsOf(BlockMatrix matrix, ModelConfig config) => matrix switch
    {
        BlockMatrix.Query => (config.Width, config.QueryWidth),
        BlockMatrix.Key or BlockMatrix.Value => (config.Width, config.KvWidth),
        BlockMatrix.Output => (config.QueryWidth, config.Width),
        BlockMatrix.Down => (config.FeedForwardWidth, config.Width),
        _ => (config.Width, config.FeedForwardWidth),
    };

    /// <summary>Hugging Face's name, by which people choose what to adapt: <c>q_proj</c> and so on.</summary>
    public static string ModuleName(this BlockMatrix matrix) => matrix switch
    {
        BlockMatrix.Query => "q_proj",
        BlockMatrix.Key => "k_proj",
        BlockMatrix.Value => "v_proj",
        BlockMatrix.Output => "o_proj",
        BlockMatrix.Gate => "gate_proj",
        BlockMatrix.Up => "up_proj",
        _ => "down_proj",
    };
}
