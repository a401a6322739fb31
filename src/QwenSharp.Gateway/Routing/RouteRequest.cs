using QwenSharp.Faults;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Routing;

/// <summary>A request as it came, and as it is in neutral types once somebody needs that.</summary>
/// <param name="read">Reads it; throws what is wrong with it.</param>
/// <param name="raw">As it came; null where only the neutral form is there.</param>
public sealed class RouteRequest(Func<Task<RouteCall>> read, RawRequest? raw = null)
{
    private readonly Lazy<Task<RouteCall>> _call = new(read);

    /// <summary>As it came, for a destination that speaks its dialect; null where only the neutral form is there.</summary>
    public RawRequest? Raw => raw;

    /// <summary>The request in neutral types. It is read once, however often it is asked for.</summary>
    /// <exception cref="ProviderException">Something is wrong with it; the inner exception is that of its dialect's reading.</exception>
    public async Task<RouteCall> ReadAsync()
    {
        try
        {
            return await _call.Value.ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOptionFault { Fault: var option })
        {
            throw CallFaults.Of(fault, option);
        }
    }
}
