using QwenSharp.Checkpoints;
using QwenSharp.Formats;
using QwenSharp.Tokenizers;

namespace QwenSharp;

/// <summary>Opens the tokenizer of a model without the model.</summary>
public static class QwenTokenizer
{
    /// <summary>Reads a tokenizer from a GGUF file, with weights or without, or from a Hugging Face <c>tokenizer.json</c>; the content decides which.</summary>
    /// <exception cref="IOException">The file is missing, cannot be read, or is damaged (<see cref="GgufException"/>).</exception>
    /// <exception cref="InvalidDataException">The file is neither, or carries no tokenizer.</exception>
    /// <exception cref="TokenizerFormatException">The tokenizer is not one that Qwen models use.</exception>
    public static BpeTokenizer Load(string path)
    {
        switch (FirstByte(path))
        {
            case 'G':
                using (GgufFile file = GgufFile.Open(path))
                    return GgufVocabulary.Read(file);
            case '{' or ' ' or '\n' or '\r' or '\t' or 0xEF:
                return BpeTokenizer.FromTokenizerJson(path);
            default:
                throw new InvalidDataException($"{path} is neither a GGUF file nor a tokenizer.json.");
        }
    }

    private static int FirstByte(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return stream.ReadByte();
    }
}
