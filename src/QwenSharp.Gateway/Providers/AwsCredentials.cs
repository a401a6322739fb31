namespace QwenSharp.Gateway.Providers;

/// <summary>What requests to Amazon are signed with.</summary>
/// <param name="AccessKeyId">Names the key.</param>
/// <param name="SecretAccessKey">The key; never sent.</param>
/// <param name="SessionToken">Goes with keys that are lent; null for others.</param>
public sealed record AwsCredentials(string AccessKeyId, string SecretAccessKey, string? SessionToken = null)
{
    /// <summary>The key's name: nothing of what is secret.</summary>
    public override string ToString() => AccessKeyId;
}
