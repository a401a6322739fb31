using System.Runtime.InteropServices;
using System.Text;
using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Tests;

/// <summary>
/// Writes a real, tiny checkpoint whose greedy answer is known: attention and feed-forward add nothing, the embedding is the
/// identity, and the head maps each token to one next token. After the newline that ends a ChatML prompt come the given
/// pieces, one token each, and then the end of the turn.
/// </summary>
internal static class ScriptedCheckpoint
{
    /// <summary>What every answer says, piece by piece; a piece may stand only once, as it decides what follows it.</summary>
    public static readonly string[] Greeting = ["Hello", ", ", "wor", "ld", "!"];

    private const string ChatMl =
        "{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{%- endfor %}"
        + "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- if enable_thinking is defined and enable_thinking is false "
        + "%}{{ '<think>\\n\\n</think>\\n' }}{%- endif %}{%- endif %}"
        + "{#- '<think>' '<tool_call>' '{\"name\": <function-name>' #}";

    private static readonly string[] Added =
    [
        "<|endoftext|>",
        "<|im_start|>",
        "<|im_end|>",
        "<think>",
        "</think>",
        "<tool_call>",
        "</tool_call>",
    ];

    /// <summary>Writes the checkpoint.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="pieces">The answer; null for <see cref="Greeting"/>.</param>
    /// <param name="template">The chat template; null for none.</param>
    /// <param name="weights">Whether to write weights, or the vocabulary alone.</param>
    /// <param name="encoding">How pieces become bytes; null for UTF-8. Latin-1 writes any bytes.</param>
    /// <returns>The path.</returns>
    public static string Write(
        string path,
        IReadOnlyList<string>? pieces = null,
        string? template = ChatMl,
        bool weights = true,
        Encoding? encoding = null)
    {
        pieces ??= Greeting;
        encoding ??= Encoding.UTF8;
        List<string> tokens = [.. Enumerable.Range(0, 256).Select(value => Spell([(byte)value]))];
        tokens.Add(Spell("he"u8));
        int newline = tokens.IndexOf(Spell("\n"u8));
        tokens.AddRange(
            pieces.Where(piece => !Added.Contains(piece)).Select(piece => Spell(encoding.GetBytes(piece))).Except(tokens).ToArray());
        int added = tokens.Count;
        tokens.AddRange(Added);
        while (tokens.Count % 32 != 0)
            tokens.Add($"[PAD{tokens.Count}]");

        int Id(string piece) => tokens.IndexOf(Added.Contains(piece) ? piece : Spell(encoding.GetBytes(piece)));
        int[] types =
        [
            .. Enumerable
                .Range(0, tokens.Count)
                .Select(id =>
                    id < added ? 1
                    : id < added + 3 ? 3
                    : id < added + Added.Length ? 4
                    : 5),
        ];
        GgufWriter writer = new GgufWriter()
            .Add("general.architecture", GgufValue.Of("qwen2"))
            .Add("general.name", GgufValue.Of("Scripted"))
            .Add("tokenizer.ggml.model", GgufValue.Of("gpt2"))
            .Add("tokenizer.ggml.pre", GgufValue.Of("qwen2"))
            .Add("tokenizer.ggml.tokens", GgufValue.ArrayOf([.. tokens]))
            .Add("tokenizer.ggml.token_type", GgufValue.ArrayOf<int>(types))
            .Add("tokenizer.ggml.merges", GgufValue.ArrayOf([$"{Spell("h"u8)} {Spell("e"u8)}"]))
            .Add("tokenizer.ggml.eos_token_id", GgufValue.Of((uint)Id("<|im_end|>")));
        if (template is not null)
            writer.Add("tokenizer.chat_template", GgufValue.Of(template));

        if (weights)
        {
            int[] next = [.. Enumerable.Repeat(Id("<|im_end|>"), tokens.Count)];
            int from = newline;
            foreach (string piece in pieces)
                from = next[from] = Id(piece);

            next[from] = Id("<|im_end|>");
            AddModel(writer, next);
        }

        writer.Save(path);
        return path;
    }

    /// <summary>Writes the checkpoint with one value of its metadata changed, or added.</summary>
    /// <returns>The path.</returns>
    public static string WriteWith(string path, string key, GgufValue value)
    {
        string plain = Write(path + ".plain");
        using (GgufFile file = GgufFile.Open(plain))
        {
            GgufWriter writer = new();
            foreach ((string other, GgufValue same) in file.Metadata.Where(entry => entry.Key != key))
                writer.Add(other, same);

            writer.Add(key, value);
            foreach (Tensor tensor in file.Tensors)
                writer.AddTensor(tensor);

            writer.Save(path);
        }

        File.Delete(plain);
        return path;
    }

    private static void AddModel(GgufWriter writer, int[] next)
    {
        const int headLength = 32, feedForward = 32;
        int width = next.Length;
        writer
            .Add("qwen2.block_count", GgufValue.Of(1u))
            .Add("qwen2.context_length", GgufValue.Of(4096u))
            .Add("qwen2.embedding_length", GgufValue.Of((uint)width))
            .Add("qwen2.feed_forward_length", GgufValue.Of((uint)feedForward))
            .Add("qwen2.attention.head_count", GgufValue.Of((uint)(width / headLength)))
            .Add("qwen2.attention.head_count_kv", GgufValue.Of((uint)(width / headLength)))
            .Add("qwen2.attention.layer_norm_rms_epsilon", GgufValue.Of(1e-6f))
            .Add("qwen2.rope.freq_base", GgufValue.Of(10000f));

        float[] embedding = new float[width * width];
        float[] head = new float[width * width];
        for (int token = 0; token < width; token++)
        {
            embedding[token * width + token] = 1;
            head[next[token] * width + token] = 4;
        }

        Add(writer, "token_embd.weight", embedding, width, width);
        Add(writer, "output.weight", head, width, width);
        Add(writer, "output_norm.weight", Ones(width), width);
        Add(writer, "blk.0.attn_norm.weight", Ones(width), width);
        Add(writer, "blk.0.ffn_norm.weight", Ones(width), width);
        foreach (string projection in (string[])["attn_q", "attn_k", "attn_v"])
        {
            Add(writer, $"blk.0.{projection}.weight", new float[width * width], width, width);
            Add(writer, $"blk.0.{projection}.bias", new float[width], width);
        }

        Add(writer, "blk.0.attn_output.weight", new float[width * width], width, width);
        Add(writer, "blk.0.ffn_gate.weight", new float[width * feedForward], width, feedForward);
        Add(writer, "blk.0.ffn_up.weight", new float[width * feedForward], width, feedForward);
        Add(writer, "blk.0.ffn_down.weight", new float[width * feedForward], feedForward, width);
    }

    private static void Add(GgufWriter writer, string name, float[] values, params long[] shape) =>
        writer.AddTensor(name, TensorType.F32, shape, stream => stream.Write(MemoryMarshal.AsBytes(values.AsSpan())));

    private static float[] Ones(int length)
    {
        float[] ones = new float[length];
        Array.Fill(ones, 1);
        return ones;
    }

    /// <summary>GPT-2's spelling of bytes: printable Latin-1 stands for itself, the others count up from U+0100.</summary>
    private static string Spell(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new();
        foreach (byte value in bytes)
            text.Append(IsPlain(value) ? (char)value : (char)(256 + Enumerable.Range(0, value).Count(lower => !IsPlain((byte)lower))));

        return text.ToString();
    }

    private static bool IsPlain(byte value) => value is >= 33 and <= 126 or >= 161 and not 173;
}
