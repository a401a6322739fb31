using System.Net;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.Http;

/// <summary>
/// A server that listens on this machine only answers only to this machine's names. Otherwise a web page could point a name of its own
/// at 127.0.0.1 (DNS rebinding) and talk to the server through the user's browser.
/// </summary>
internal sealed class LoopbackGuard(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http)
    {
        // The header as it was sent: ASP.NET's own reading of it decodes international names, and throws where they are none.
        string host = new HostString(http.Request.Headers.Host.ToString()).Host;
        return IsLoopback(host) ? next(http) : throw new HttpFault(
            StatusCodes.Status403Forbidden,
            HttpFaultKind.Host,
            $"This server listens on this machine only and does not answer to the name '{Excerpt.Of(host)}'. Use 127.0.0.1 or localhost.");
    }

    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
