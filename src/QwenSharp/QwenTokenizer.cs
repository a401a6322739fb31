using QwenSharp.Checkpoints;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Tokenizers;

namespace QwenSharp;

/// <summary>Opens the tokenizer of a model without the model.</summary>
public static class QwenTokenizer
{
    /// <summary>
    /// Reads a tokenizer from a GGUF file, with weights or without, from a Hugging Face folder, or from its <c>tokenizer.json</c> or
    /// <c>qwen.tiktoken</c> alone.
    /// </summary>
    /// <exception cref="IOException">The file is missing, cannot be read, or is damaged (<see cref="GgufException"/>).</exception>
    /// <exception cref="InvalidDataException">The file is neither, or carries no tokenizer.</exception>
    /// <exception cref="TokenizerFormatException">The tokenizer is not one that Qwen models use.</exception>
    public static BpeTokenizer Load(string path) => BpeTokenizer.Create(LoadVocabulary(path));

    /// <summary>Reads what a tokenizer is made of, to write it elsewhere: from the same files as <see cref="Load"/>.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static BpeVocabulary LoadVocabulary(string path)
    {
        if (ModelFiles.FolderOf(path) is not null)
            return Read(path);
        if (path.EndsWith(".tiktoken", StringComparison.Ordinal))
            return CheckpointVocabulary.ReadFile(path);

        switch (FirstByte(path))
        {
            case 'G':
                return Read(path);
            case '{' or ' ' or '\n' or '\r' or '\t' or 0xEF:
                return CheckpointVocabulary.ReadFile(path);
            default:
                throw new InvalidDataException($"{path} is neither a GGUF file nor a tokenizer.json.");
        }
    }

    /// <summary>The tokenizer of an open model.</summary>
    /// <exception cref="InvalidDataException">The model carries no tokenizer.</exception>
    /// <exception cref="TokenizerFormatException">The tokenizer is not one that Qwen models use.</exception>
    public static BpeTokenizer Of(Checkpoint model) => CheckpointVocabulary.Read(model);

    private static BpeVocabulary Read(string path)
    {
        using Checkpoint file = ModelFiles.Open(path, decode: false);
        return CheckpointVocabulary.PrepareVocabulary(file)();
    }

    private static int FirstByte(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return stream.ReadByte();
    }
}
