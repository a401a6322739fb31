using QwenSharp.Formats;
using QwenSharp.Tokenizers;

namespace QwenSharp.Training;

/// <summary>The tokenizer and the chat template of a model that is trained from scratch, as its GGUF file carries them.</summary>
public static class TokenizerMetadata
{
    /// <summary>Adds the keys of <c>tokenizer.ggml.*</c> and, where there is one, <c>tokenizer.chat_template</c>.</summary>
    /// <param name="writer">The file.</param>
    /// <param name="vocabulary">The vocabulary.</param>
    /// <param name="vocabularySize">How many tokens the model has, at least those of the vocabulary; the others are marked unused.</param>
    /// <param name="chatTemplate">The template's source; null for a model that only completes text.</param>
    /// <exception cref="TokenizerFormatException">A token lies beyond <paramref name="vocabularySize"/>.</exception>
    /// <exception cref="ArgumentException">The writer has one of the keys already.</exception>
    public static void Write(GgufWriter writer, BpeVocabulary vocabulary, int vocabularySize, string? chatTemplate)
    {
        ArgumentNullException.ThrowIfNull(writer);
        GgufVocabulary gguf = GgufVocabulary.From(vocabulary, vocabularySize);
        writer.Add("tokenizer.ggml.model", gguf.Model);
        writer.Add("tokenizer.ggml.pre", gguf.PreTokenizer);
        writer.Add("tokenizer.ggml.tokens", GgufValue.ArrayOf(gguf.Tokens));
        writer.Add("tokenizer.ggml.token_type", GgufValue.ArrayOf<int>(gguf.TokenTypes));
        writer.Add("tokenizer.ggml.merges", GgufValue.ArrayOf(gguf.Merges));
        foreach (
            (string role, int? id) in ((string, int?)[])
                [("bos", vocabulary.BosId), ("eos", vocabulary.EosId), ("padding", vocabulary.PadId)])
        {
            if (id is { } token)
                writer.Add($"tokenizer.ggml.{role}_token_id", (uint)token);
        }

        writer.Add("tokenizer.ggml.add_bos_token", vocabulary.AddsBos);
        if (chatTemplate is not null)
            writer.Add("tokenizer.chat_template", chatTemplate);
    }
}
