using QwenSharp.Server.Callers;
using QwenSharp.Server.State;

namespace QwenSharp.Server.Http;

/// <summary>
/// Who may change which models there are: everybody who has the server's key or one with the scope for it; without a key everybody on this
/// machine, where the server listens to nobody else.
/// </summary>
internal sealed class ChangeGuard(ServerOptions options, CallerContext callers)
{
    /// <exception cref="HttpFault">
    /// 403: the server has no key and listens to other machines, or the caller's key was not made for this.
    /// </exception>
    public void Require()
    {
        if (callers.Current is { } caller)
        {
            caller.Require(Scopes.Admin);
        }
        else if (options.ApiKey is null && !LoopbackGuard.IsLoopback(options.Host))
        {
            throw new HttpFault(
                StatusCodes.Status403Forbidden,
                HttpFaultKind.Forbidden,
                "This server has no key and listens to other machines, so its models cannot be changed through it. Give it a key, or have "
                    + "it listen on this machine only.");
        }
    }
}
