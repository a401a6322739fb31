using System.Net;
using System.Net.Sockets;

namespace QwenSharp.Agent.Tools.Web;

/// <summary>Connects to machines of the Internet alone: not to this one, its network, or what a cloud tells its machines.</summary>
internal static class PublicAddresses
{
    private static readonly IPNetwork[] Others =
        [.. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "::/128", "::1/128", "64:ff9b::/96",
            "100::/64",
            "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "ff00::/8",
        }.Select(IPNetwork.Parse)];

    /// <summary>Whether an address is one of the Internet's.</summary>
    public static bool Contains(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return !Others.Any(network => network.Contains(plain));
    }

    /// <summary>Opens a connection. The address is looked at that is connected to, whatever a name was said to be before.</summary>
    /// <exception cref="ToolException">It is none of the Internet's.</exception>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        DnsEndPoint target = context.DnsEndPoint;
        IPAddress[] addresses = IPAddress.TryParse(target.Host, out IPAddress? written)
            ? [written]
            : await Dns.GetHostAddressesAsync(target.Host, cancellationToken).ConfigureAwait(false);
        if (addresses.FirstOrDefault(one => !Contains(one)) is { } inside)
            throw new ToolException($"{target.Host} is {inside}, which is not on the Internet but on this machine or its network.");

        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, target.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
