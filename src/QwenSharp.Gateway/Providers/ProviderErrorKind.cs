namespace QwenSharp.Gateway.Providers;

/// <summary>Why a provider did not answer.</summary>
public enum ProviderErrorKind
{
    /// <summary>It wants a key and was shown none.</summary>
    AuthMissing,

    /// <summary>It does not know the key.</summary>
    AuthInvalid,

    /// <summary>The key, or the token, is too old.</summary>
    AuthExpired,

    /// <summary>The key is perhaps of another region.</summary>
    AuthRegion,

    /// <summary>The key is of another plan.</summary>
    AuthPlan,

    /// <summary>The key may not do this.</summary>
    Permission,

    /// <summary>There is no such model, or no such path.</summary>
    NotFound,

    /// <summary>Too much was asked in a short time.</summary>
    Throttled,

    /// <summary>What may be used in a longer time is used; it comes back.</summary>
    Quota,

    /// <summary>There is no money left.</summary>
    Billing,

    /// <summary>It has too much to do.</summary>
    Overloaded,

    /// <summary>The conversation is longer than the model's context.</summary>
    ContextTooLong,

    /// <summary>The request is larger than any it takes.</summary>
    TooLarge,

    /// <summary>It does not answer to such content.</summary>
    ContentFilter,

    /// <summary>It cannot read the request.</summary>
    BadRequest,

    /// <summary>It, or the model, has no such option or no such value of it.</summary>
    UnsupportedParameter,

    /// <summary>It took too long.</summary>
    Timeout,

    /// <summary>It failed.</summary>
    Server,

    /// <summary>Its answer ended before its end.</summary>
    Cut,

    /// <summary>It could not be reached.</summary>
    Connection,
}
