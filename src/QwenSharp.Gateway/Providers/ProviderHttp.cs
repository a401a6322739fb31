using System.Net.Sockets;

namespace QwenSharp.Gateway.Providers;

/// <summary>Connections to providers.</summary>
public static class ProviderHttp
{
    internal static readonly HttpRequestOptionsKey<TimeSpan> ConnectTimeout = new("QwenSharp.ConnectTimeout");

    /// <summary>
    /// A sender of requests that keeps connections open and honours each provider's <see cref="ProviderSettings.ConnectTimeout"/>. One is
    /// enough for all providers.
    /// </summary>
    public static HttpMessageInvoker Create() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        EnableMultipleHttp2Connections = true,
        ConnectCallback = ConnectAsync,
    });

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (context.InitialRequestMessage.Options.TryGetValue(ConnectTimeout, out TimeSpan limit))
            patience.CancelAfter(limit);

        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, patience.Token).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new IOException($"no connection within {limit.TotalSeconds:0.###} s.");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
