using System.Text.Json;

namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>Reads an answer in a provider's form.</summary>
/// <param name="origin">Who made what is protected in it; see <see cref="QwenSharp.Chat.ContentKeys.Origin"/>.</param>
internal abstract class ReplyReader(string origin)
{
    /// <summary>What was read.</summary>
    public AnswerUpdates Answer { get; } = new(origin);

    /// <summary>Reads the next event of a stream.</summary>
    /// <exception cref="ProviderException">It says that the answer failed.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public abstract void Read(WireEvent read);

    /// <summary>Reads an answer that is not streamed.</summary>
    /// <exception cref="ProviderException">It says that the answer failed.</exception>
    public abstract void ReadWhole(JsonElement reply);

    /// <summary>Reads the end of a stream, which is the end of the answer only where the form has no other.</summary>
    public virtual void Close()
    {
    }
}
