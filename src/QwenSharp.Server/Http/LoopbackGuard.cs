using System.Net;

namespace QwenSharp.Server.Http;

/// <summary>
/// A server that listens on this machine only answers only to this machine's names. Otherwise a web page could point a name of its own
/// at 127.0.0.1 (DNS rebinding) and talk to the server through the user's browser.
/// </summary>
internal sealed class LoopbackGuard(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http) => IsLoopback(http.Request.Host.Host) ? next(http) : throw new HttpFault(
        StatusCodes.Status403Forbidden,
        HttpFaultKind.Host,
        $"This server listens on this machine only and does not answer to the name '{http.Request.Host.Host}'. Use 127.0.0.1 or "
            + "localhost.");

    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
