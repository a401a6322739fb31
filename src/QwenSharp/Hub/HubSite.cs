namespace QwenSharp.Hub;

/// <summary>A hub as an HTTP client and an error message need to know it.</summary>
/// <param name="Name">Its name for people.</param>
/// <param name="Endpoint">Its address.</param>
/// <param name="Token">The access token for that address, and for no other.</param>
/// <param name="TokenVariable">The environment variable that the token comes from.</param>
/// <param name="TokenPage">Where a person gets one.</param>
/// <param name="Pages">What stands before ORG/NAME in the address of a repository's page.</param>
internal sealed record HubSite(string Name, Uri Endpoint, string? Token, string TokenVariable, string TokenPage, string Pages = "")
{
    /// <summary>Whether an address is the hub's own: same scheme, host and port.</summary>
    public bool Owns(Uri address) =>
        Uri.Compare(address, Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    /// <summary>An address on the hub.</summary>
    /// <param name="path">What follows the endpoint, escaped, without a slash in front.</param>
    public Uri At(string path) => new($"{Endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{path}");

    /// <summary>The page of a repository.</summary>
    public Uri PageOf(string repo) => At(Pages + repo);
}
