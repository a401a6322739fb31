using QwenSharp.Cli.Completion;
using QwenSharp.Cli.Hub;
using QwenSharp.Hub;

namespace QwenSharp.Cli.Run;

/// <summary>What the one word behind <c>run</c> is: the name of a model, or a request to the model in the box.</summary>
internal static class LoneArgument
{
    // Whoever writes these means a model, whether there is one of that name or not.
    private static readonly string[] Extensions = [".gguf", ".safetensors", ".json"];

    /// <summary>
    /// Whether it is a request: it has spaces, or signs that no name has, or it is a plain word that is no file, no model that is known,
    /// and not nearly one.
    /// </summary>
    public static bool IsPrompt(string text)
    {
        if (text == BoxModel.Name || File.Exists(text) || Directory.Exists(text) || LooksLikePath(text))
            return false;
        if (text.Any(char.IsWhiteSpace))
            return true;

        // org/name, name:tag, addresses.
        if (text.AsSpan().IndexOfAny('/', '\\') >= 0 || text[1..].TrimEnd(':').Contains(':', StringComparison.Ordinal))
            return false;
        if (!text.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.'))
            return true;

        string word = text.TrimEnd('.');
        string[] families = [.. ModelNames.All.Keys.Select(name => name.Split(':')[0]).Append("qwen").Distinct()];
        bool isNearName =
            families.Any(family => word.StartsWith(family, StringComparison.OrdinalIgnoreCase))
            || Spelling.Nearest(word, families.Concat(Placeholders.Models())).Count > 0;

        // llama3 and gpt-4o are names, if not of models that run here; "well-known" and "42" are none.
        bool looksLikeName = word.Any(char.IsAsciiDigit) && word.Any(char.IsAsciiLetter);
        return !isNearName && !looksLikeName;
    }

    private static bool LooksLikePath(string text) =>
        text.Length == 0
        || Path.IsPathRooted(text)
        || text[0] == '~'
        || text.StartsWith("./", StringComparison.Ordinal)
        || text.StartsWith("../", StringComparison.Ordinal)
        || Path.EndsInDirectorySeparator(text)
        || Extensions.Any(extension => text.EndsWith(extension, StringComparison.OrdinalIgnoreCase));
}
