namespace QwenSharp.Gateway.Providers.Bedrock;

/// <summary>The checksum of Ethernet and gzip (polynomial 0xEDB88320, reflected).</summary>
internal static class Crc32
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(value =>
    {
        uint entry = (uint)value;
        for (int bit = 0; bit < 8; bit++)
            entry = (entry >> 1) ^ ((entry & 1) * 0xEDB88320);

        return entry;
    })];

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint sum = uint.MaxValue;
        foreach (byte value in bytes)
            sum = (sum >> 8) ^ Table[(byte)(sum ^ value)];

        return ~sum;
    }
}
