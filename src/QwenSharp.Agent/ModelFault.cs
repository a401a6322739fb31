using System.Net;
using QwenSharp.Faults;

namespace QwenSharp.Agent;

/// <summary>What a failed request means for the work.</summary>
public enum ModelFaultKind
{
    /// <summary>The same request may go well a little later.</summary>
    Transient,

    /// <summary>The conversation is longer than the model's context.</summary>
    ContextTooLong,

    /// <summary>Sending it again does not help.</summary>
    Lasting,
}

/// <summary>A request to the model that failed.</summary>
/// <param name="Kind">What it means for the work.</param>
/// <param name="Problem">What is wrong and what to do, in a sentence.</param>
/// <param name="RetryAfter">How long the endpoint asks to be left alone; null where it does not say.</param>
public sealed record ModelFault(ModelFaultKind Kind, string Problem, TimeSpan? RetryAfter = null)
{
    /// <summary>What the failures mean that .NET and the libraries of QwenSharp report. Clients with errors of their own wrap it.</summary>
    public static ModelFault Of(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        ModelFaultKind kind = failure switch
        {
            IOptionFault { Fault.Kind: FaultKind.TooLong } => ModelFaultKind.ContextTooLong,
            QueueFullException => ModelFaultKind.Transient,
            HttpRequestException { StatusCode: { } status } => IsTransient(status) ? ModelFaultKind.Transient : ModelFaultKind.Lasting,
            HttpRequestException or TimeoutException or IOException or OperationCanceledException => ModelFaultKind.Transient,
            _ => ModelFaultKind.Lasting,
        };
        return new ModelFault(kind, failure is IOptionFault { Fault: var fault } ? fault.ToString() : failure.Message);
    }

    private static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;
}
