using System.Buffers.Binary;
using System.Text;
using QwenSharp.Gateway.Providers.Bedrock;

namespace QwenSharp.Gateway.Tests;

/// <summary>Messages in Amazon's frames.</summary>
internal static class AwsEvents
{
    public static byte[] Message(string payload, params (string Name, string Value)[] headers)
    {
        byte[] head = [.. headers.SelectMany(header => (byte[])
        [
            (byte)header.Name.Length, .. Encoding.UTF8.GetBytes(header.Name), 7, 0, (byte)header.Value.Length,
            .. Encoding.UTF8.GetBytes(header.Value),
        ])];
        byte[] body = Encoding.UTF8.GetBytes(payload), message = new byte[16 + head.Length + body.Length];
        BinaryPrimitives.WriteUInt32BigEndian(message, (uint)message.Length);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(4), (uint)head.Length);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(8), Crc32.Of(message.AsSpan(0, 8)));
        head.CopyTo(message, 12);
        body.CopyTo(message, 12 + head.Length);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(message.Length - 4), Crc32.Of(message.AsSpan(0, message.Length - 4)));
        return message;
    }
}
