namespace QwenSharp.Gateway.Providers.Errors;

/// <summary>What to do about a refusal that does not say it itself.</summary>
internal static class ErrorAdvice
{
    /// <summary>A sentence; empty for none.</summary>
    public static string Of(ProviderSettings settings, ProviderErrorKind kind) => kind switch
    {
        ProviderErrorKind.AuthMissing => $"Give the provider '{settings.Name}' a key.",
        ProviderErrorKind.AuthInvalid when IsModelStudio(settings) =>
            $"It says the same of a key that does not exist, of one of another region and of one of another plan: the key must be of the "
                + $"region and the plan of {settings.BaseUrl.Host}.",
        ProviderErrorKind.AuthPlan when IsModelStudio(settings) =>
            "Keys that begin with sk-sp- are of a plan and go to its own address; others go to the addresses that are paid by use.",
        ProviderErrorKind.AuthExpired => "Renew the key or token.",
        ProviderErrorKind.AuthRegion => "The key is of another region's address.",
        ProviderErrorKind.Billing => "The account has no money left for this; waiting does not help.",
        _ => "",
    };

    private static bool IsModelStudio(ProviderSettings settings) =>
        settings.Kind is ProviderKind.DashScope or ProviderKind.DashScopeCompatible;
}
