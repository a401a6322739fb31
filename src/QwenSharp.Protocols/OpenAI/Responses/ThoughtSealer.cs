using System.Security.Cryptography;
using System.Text;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>
/// Seals what a model thought into <c>encrypted_content</c>, so that a client that has its responses not stored can send a thought back,
/// and it is known to be the model's and unchanged: AES-256-GCM under a key that lives as long as the server and never leaves it.
/// </summary>
public sealed class ThoughtSealer
{
    /// <summary>Who else seals thoughts on this wire: the protocol's own servers.</summary>
    internal const string Elsewhere = "openai-responses";

    private const int NonceLength = 12, TagLength = 16;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>The sealed thought, in Base64: a nonce, a tag and the encrypted text.</summary>
    public string Seal(string thought)
    {
        ArgumentNullException.ThrowIfNull(thought);
        byte[] text = Encoding.UTF8.GetBytes(thought);
        byte[] whole = new byte[NonceLength + TagLength + text.Length];
        Span<byte> nonce = whole.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using AesGcm cipher = new(_key, TagLength);
        cipher.Encrypt(nonce, text, whole.AsSpan(NonceLength + TagLength), whole.AsSpan(NonceLength, TagLength));
        return Convert.ToBase64String(whole);
    }

    /// <summary>The thought that was sealed; null where another server sealed it, or it was changed.</summary>
    public string? Open(string sealedThought)
    {
        ArgumentNullException.ThrowIfNull(sealedThought);
        byte[] whole = new byte[sealedThought.Length];
        if (!Convert.TryFromBase64String(sealedThought, whole, out int length) || length < NonceLength + TagLength)
            return null;

        byte[] text = new byte[length - NonceLength - TagLength];
        using AesGcm cipher = new(_key, TagLength);
        try
        {
            cipher.Decrypt(
                whole.AsSpan(0, NonceLength),
                whole.AsSpan(NonceLength + TagLength, text.Length),
                whole.AsSpan(NonceLength, TagLength),
                text);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }

        return Encoding.UTF8.GetString(text);
    }
}
