using System.Globalization;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Events;

/// <summary>
/// How much of a prompt was there already, and what broke the rest, in one line: <c>reused=960; prompt=1024; diverged=961; character=3120;
/// reason=changed-text</c>. A client that rewrites its history sees where.
/// </summary>
public static class CacheReport
{
    /// <summary>The line of the answer that an update begins; null where it begins none.</summary>
    public static string? Of(ChoiceUpdate update) => CachedPrompt.Of(update.Update) is { } cached ? Word(cached) : null;

    private static string Word(CachedPrompt cached)
    {
        string said = string.Create(CultureInfo.InvariantCulture, $"reused={cached.Tokens}; prompt={cached.PromptTokens}");
        if (cached.DivergedAtToken is { } token)
            said += string.Create(CultureInfo.InvariantCulture, $"; diverged={token}; character={cached.DivergedAtCharacter}");

        return cached.Reason is { } reason ? $"{said}; reason={reason}" : said;
    }
}
