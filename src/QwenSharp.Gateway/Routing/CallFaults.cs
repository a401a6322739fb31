using QwenSharp.Faults;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Routing;

/// <summary>What is wrong with a call before anybody was asked, as the reason why it is not answered.</summary>
public static class CallFaults
{
    /// <summary>The reason that a fault of an option is.</summary>
    /// <param name="fault">The exception.</param>
    /// <param name="option">What it says.</param>
    public static ProviderException Of(Exception fault, OptionFault option)
    {
        ArgumentNullException.ThrowIfNull(option);
        return new ProviderException(
            new ProviderError(KindOf(option.Kind), Retryable: false, RetryAfter: null, Status: null, $"{option}", AfterFirstToken: false),
            fault);
    }

    // What one model has no place for, another may have.
    private static ProviderErrorKind KindOf(FaultKind kind) => kind switch
    {
        FaultKind.TooLong => ProviderErrorKind.ContextTooLong,
        FaultKind.NoRoom => ProviderErrorKind.Overloaded,
        FaultKind.NotSupported or FaultKind.Refused => ProviderErrorKind.UnsupportedParameter,
        _ => ProviderErrorKind.BadRequest,
    };
}
