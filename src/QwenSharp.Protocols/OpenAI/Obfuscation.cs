using System.Security.Cryptography;
using System.Text;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>
/// Random letters beside what a chunk says: together their length is a multiple of 16, so that who watches an encrypted stream learns little
/// of its words from the lengths of its events.
/// </summary>
internal static class Obfuscation
{
    private const int Step = 16;
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public static string For(AnswerPart part)
    {
        int said = Encoding.UTF8.GetByteCount(part.Text) + Encoding.UTF8.GetByteCount(part.Reasoning);
        return RandomNumberGenerator.GetString(Letters, Step - said % Step);
    }
}
