using System.Security.Cryptography;
using System.Text;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>
/// Signs what a model thought, so that a thought that is sent back is known to be the model's and unchanged: HMAC-SHA256 over the text,
/// under a key that lives as long as the server and never leaves it.
/// </summary>
public sealed class ThoughtSigner
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>The signature of a thought, in Base64.</summary>
    public string Sign(string thought)
    {
        ArgumentNullException.ThrowIfNull(thought);
        return Convert.ToBase64String(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(thought)));
    }

    /// <summary>Whether a signature is that of a thought.</summary>
    public bool IsOwn(string thought, string signature)
    {
        ArgumentNullException.ThrowIfNull(signature);
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Sign(thought)), Encoding.UTF8.GetBytes(signature));
    }
}
