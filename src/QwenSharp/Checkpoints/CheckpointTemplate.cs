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
    /// <exception cref="GgufException">The template is no text.</exception>
    public static string? TextOf(Checkpoint file, BpeTokenizer tokenizer)
    {
        if (OwnOf(file) is { } own)
            return own;

        bool hasChatMl = tokenizer.TryGetId("<|im_start|>", out int start) && tokenizer.IsControl(start);
        if (file.Metadata.Contains(Key) && hasChatMl)
            file.AddRepair("The chat template is empty: ChatML stands in for it, which Qwen's models know.");

        return hasChatMl ? ChatMl : null;
    }

    /// <summary>
    /// The template in the metadata; null where there is none, or it is empty. An array has one template, or several, of which nothing says
    /// which is for conversations.
    /// </summary>
    /// <exception cref="GgufException">It is something else.</exception>
    public static string? OwnOf(Checkpoint file)
    {
        string? text;
        if (file.Metadata.TryGetValue(Key, out GgufValue? value) && value.TryGetStrings(out GgufStringArray? texts))
        {
            text = texts.Count == 1
                ? texts.GetString(0)
                : throw file.Metadata.Fault(Key, $"has {texts.Count} templates; one is expected");
        }
        else
        {
            file.Metadata.TryGetString(Key, out text);
        }

        return string.IsNullOrWhiteSpace(text) ? null : text;
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
