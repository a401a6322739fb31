using QwenSharp.Chat;
using QwenSharp.Formats;
using QwenSharp.Tokenizers;

namespace QwenSharp.Checkpoints;

/// <summary>The chat template that a model carries, or ChatML, which all Qwen models were trained on.</summary>
internal static class CheckpointTemplate
{
    /// <summary>Its key in the metadata.</summary>
    public const string Key = "tokenizer.chat_template";

    private const string ChatMl =
        "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    /// <returns>The template; null where the model has none and its vocabulary no ChatML.</returns>
    public static string? TextOf(Checkpoint file, BpeTokenizer tokenizer)
    {
        if (file.Metadata.TryGetString(Key, out string? template))
            return template;

        return tokenizer.TryGetId("<|im_start|>", out int start) && tokenizer.IsControl(start) ? ChatMl : null;
    }

    /// <exception cref="InvalidDataException">There is no template.</exception>
    /// <exception cref="TemplateException">It cannot be parsed.</exception>
    public static ChatTemplate Compile(string path, string? template, IReadOnlyDictionary<string, string> specialTokens)
    {
        if (template is null)
        {
            throw new InvalidDataException(
                $"{path} has no chat template, and no ChatML tokens to do without one; it can complete text, not chat.");
        }

        try
        {
            return new ChatTemplate(template, new ChatTemplateOptions { SpecialTokens = specialTokens });
        }
        catch (TemplateException wrong)
        {
            throw new TemplateException($"{path} has a chat template that cannot be parsed: {wrong.Message}", wrong);
        }
    }
}
