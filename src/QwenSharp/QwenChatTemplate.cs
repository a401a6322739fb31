using QwenSharp.Chat;
using QwenSharp.Checkpoints;
using QwenSharp.Formats;
using QwenSharp.Models;

namespace QwenSharp;

/// <summary>Opens the chat template of a model without the model.</summary>
public static class QwenChatTemplate
{
    /// <summary>
    /// Reads a template from a GGUF file, with weights or without, from a Hugging Face folder, or from a file of Jinja; the content decides which.
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
            return CheckpointTemplate.Compile(path, file.Metadata.TryGetString(CheckpointTemplate.Key, out string? own) ? own : null, new Dictionary<string, string>());

        Tokenizers.BpeTokenizer tokenizer = CheckpointVocabulary.Read(file);
        return CheckpointTemplate.Compile(path, CheckpointTemplate.TextOf(file, tokenizer), CheckpointTemplate.SpecialTokens(tokenizer));
    }

    private static bool IsGguf(string path)
    {
        Span<byte> magic = stackalloc byte[4];
        using FileStream stream = File.OpenRead(path);
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("GGUF"u8);
    }
}
