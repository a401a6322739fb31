using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Routing;

/// <summary>A model that may answer: a provider's, or one of this process.</summary>
public interface IDestination
{
    /// <summary>Its name, such as <c>acme/claude-haiku</c>.</summary>
    string Name { get; }

    /// <summary>Whether data of a class may be sent there.</summary>
    bool Admits(string dataClass);

    /// <summary>Asks it, and returns once its answer has begun: what fails before may be asked elsewhere.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="losses">What becomes of what it cannot carry.</param>
    /// <param name="cancellationToken">Ends it, its answer too.</param>
    /// <exception cref="ProviderException">It does not answer.</exception>
    Task<RouteReply> OpenAsync(RouteRequest request, LossPolicy losses, CancellationToken cancellationToken);
}
