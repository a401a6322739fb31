using System.Security.Cryptography;
using System.Text;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>
/// Random letters beside what a chunk says: together their length is a multiple of 16, so that who watches an encrypted stream learns
/// little of its words from the lengths of its events.
/// </summary>
internal static class Obfuscation
{
    private const int Step = 16;
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public static string For(params IEnumerable<string?> said)
    {
        int bytes = said.Sum(text => Encoding.UTF8.GetByteCount(text ?? ""));
        return RandomNumberGenerator.GetString(Letters, Step - (bytes % Step));
    }
}
