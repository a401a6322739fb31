using System.Globalization;
using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>A byte-level vocabulary without merges: one token a byte, made-up words, and ChatML's control tokens at the end.</summary>
internal static class RandomVocabulary
{
    private const int Bytes = 256;
    private const int NormalType = 1, ControlType = 3;
    private static readonly string[] Controls = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

    public static void Write(int size, GgufWriter writer)
    {
        if (size < Bytes + Controls.Length)
        {
            throw new ArgumentException(
                $"A vocabulary of {size} tokens has no room for one a byte and {Controls.Length} control tokens.",
                nameof(size));
        }

        string[] tokens = new string[size];
        int[] types = new int[size];
        int controls = size - Controls.Length;
        for (int id = 0; id < size; id++)
        {
            tokens[id] =
                id < Bytes ? ByteText(id)
                : id < controls ? "word" + id.ToString(CultureInfo.InvariantCulture)
                : Controls[id - controls];
            types[id] = id < controls ? NormalType : ControlType;
        }

        writer.Add("tokenizer.ggml.model", "gpt2")
            .Add("tokenizer.ggml.pre", "qwen2")
            .Add("tokenizer.ggml.tokens", GgufValue.ArrayOf(tokens))
            .Add("tokenizer.ggml.token_type", GgufValue.ArrayOf<int>(types))
            .Add("tokenizer.ggml.merges", GgufValue.ArrayOf(Array.Empty<string>()))
            .Add("tokenizer.ggml.bos_token_id", (uint)controls)
            .Add("tokenizer.ggml.padding_token_id", (uint)controls)
            .Add("tokenizer.ggml.eos_token_id", (uint)(size - 1))
            .Add("tokenizer.ggml.add_bos_token", false);
    }

    // GPT-2's alphabet: printable Latin-1 characters stand for themselves, other bytes for the characters from U+0100 on, in order.
    private static string ByteText(int value)
    {
        static bool IsPrintable(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        int character = IsPrintable(value) ? value : 256 + Enumerable.Range(0, value).Count(b => !IsPrintable(b));
        return ((char)character).ToString();
    }
}
