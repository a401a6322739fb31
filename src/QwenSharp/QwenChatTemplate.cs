using QwenSharp.Chat;
using QwenSharp.Checkpoints;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Tokenizers;

namespace QwenSharp;

/// <summary>Opens the chat template of a model without the model.</summary>
public static class QwenChatTemplate
{
    /// <summary>
    /// Reads a template from a GGUF file, with weights or without, from a Hugging Face folder, or from a file of Jinja; the content decides
    /// which.
    /// A model without a template of its own has ChatML if its vocabulary has.
    /// </summary>
    /// <exception cref="IOException">The file is missing, cannot be read, or is damaged (<see cref="GgufException"/>).</exception>
    /// <exception cref="InvalidDataException">The model has no template.</exception>
    /// <exception cref="TemplateException">The template cannot be parsed.</exception>
    public static ChatTemplate Load(string path)
    {
        if (ModelFiles.FolderOf(path) is null && !IsGguf(path))
            return new ChatTemplate(File.ReadAllText(path));

        using Checkpoint file = ModelFiles.Open(path, decode: false);
        if (!CheckpointVocabulary.IsIn(file))
        {
            return CheckpointTemplate.Compile(
                path,
                CheckpointTemplate.OwnOf(file),
                new Dictionary<string, string>());
        }

        BpeTokenizer tokenizer = CheckpointVocabulary.Read(file);
        return CheckpointTemplate.Compile(path, CheckpointTemplate.TextOf(file, tokenizer), SpecialTokens(tokenizer));
    }

    /// <summary>What transformers passes to a template under the names of the tokenizer's special tokens.</summary>
    public static IReadOnlyDictionary<string, string> SpecialTokens(BpeTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        Dictionary<string, string> tokens = [];
        foreach (
            (string name, int? id) in ((string, int?)[])
                [("bos_token", tokenizer.BosId), ("eos_token", tokenizer.EosId), ("pad_token", tokenizer.PadId)])
        {
            if (id is { } token)
                tokens[name] = tokenizer.Decode([token]);
        }

        return tokens;
    }

    private static bool IsGguf(string path)
    {
        Span<byte> magic = stackalloc byte[4];
        using FileStream stream = File.OpenRead(path);
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("GGUF"u8);
    }
}
