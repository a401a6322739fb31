using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.DashScope;

/// <summary>
/// DashScope's server-sent events: a number, a name, the status as a comment, and the data, without a space behind the colons.
/// </summary>
/// <remarks>One for each stream: it counts its events.</remarks>
public sealed class DashScopeEvents
{
    private int _sent;

    /// <summary>Writes the next event.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="name"><c>result</c> or <c>error</c>.</param>
    /// <param name="status">The HTTP status that it stands for.</param>
    /// <param name="value">Its data.</param>
    /// <param name="type">How to write it.</param>
    public void Write<T>(IBufferWriter<byte> output, string name, int status, T value, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(output);
        _sent++;
        Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"id:{_sent}\nevent:{name}\n:HTTP_STATUS/{status}\ndata:"), output);
        WireJson.Write(output, value, type);
        output.Write("\n\n"u8);
    }
}
