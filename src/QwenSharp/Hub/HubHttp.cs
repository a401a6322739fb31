using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using QwenSharp.Faults;

namespace QwenSharp.Hub;

/// <summary>
/// GET requests to one hub: follows redirects itself, so that the token reaches the hub and no host it sends us to, and turns what goes
/// wrong into <see cref="TransientException"/> or <see cref="HubException"/>.
/// </summary>
internal sealed class HubHttp(HubSite site, HttpClient client, HubOptions options)
{
    private const int MostRedirects = 10;
    private const int MostJsonBytes = 64 << 20;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(6);

    /// <summary>The hub.</summary>
    public HubSite Site => site;

    /// <summary>A client for any number of hubs; proxies come from the environment.</summary>
    public static HttpClient CreateClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = ConnectTimeout,
    })
    {
        // A transfer may take hours; silence is watched read by read.
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Reads a JSON document, with attempts enough for a passing fault.</summary>
    /// <param name="address">Where.</param>
    /// <param name="repo">The repository, for messages.</param>
    /// <param name="what">What is asked for, for messages.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public Task<JsonDocument> GetJsonAsync(Uri address, string repo, string what, CancellationToken cancellationToken) =>
        Backoff.RunAsync(
            options.Time,
            async () =>
            {
                using HubResponse response = await GetAsync(address, repo, what, range: null, cancellationToken).ConfigureAwait(false);
                if (response.IsWebPage)
                {
                    throw new HubException(
                        $"{address.Host} answered with a web page where {site.Name} answers with JSON. Is the endpoint {site.Endpoint} "
                            + "right, and does the network want a login?"
                    );
                }

                byte[] bytes = await ReadAllAsync(response, cancellationToken).ConfigureAwait(false);
                try
                {
                    return JsonDocument.Parse(bytes);
                }
                catch (JsonException wrong)
                {
                    throw new HubException($"{site.Name} answered for {what} with text that is no JSON: {JsonProblem.Of(wrong)}.", wrong);
                }
            }, cancellationToken);

    /// <summary>Sends one GET, follows redirects, and returns a successful answer whose body is still to be read.</summary>
    /// <param name="address">Where; on the hub.</param>
    /// <param name="repo">The repository, for messages.</param>
    /// <param name="what">What is asked for, for messages.</param>
    /// <param name="range">The bytes wanted; null for all.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public async Task<HubResponse> GetAsync(
        Uri address,
        string repo,
        string what,
        RangeHeaderValue? range,
        CancellationToken cancellationToken)
    {
        string? linkedTag = null;
        Uri at = address;
        for (int redirects = 0; redirects <= MostRedirects; redirects++)
        {
            HttpResponseMessage response = await SendAsync(at, range, cancellationToken).ConfigureAwait(false);
            try
            {
                linkedTag ??= Header(response, "X-Linked-ETag");
                if (response.IsSuccessStatusCode)
                    return new HubResponse(response, linkedTag);

                if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308))
                    throw HubErrors.Of(site, what, site.PageOf(repo), at, response, options.Time.GetUtcNow());

                at = Target(at, response.Headers.Location);
            }
            catch
            {
                response.Dispose();
                throw;
            }

            response.Dispose();
        }

        throw new HubException($"{address.Host} redirects more than {MostRedirects} times for {what}: it goes in circles.");
    }

    private Uri Target(Uri from, Uri? location)
    {
        if (location is null)
            throw new HubException($"{from.Host} redirects to nowhere: its answer has no Location.");

        Uri to = new(from, location);
        return to.Scheme == from.Scheme || to.Scheme == Uri.UriSchemeHttps
            ? to
            : throw new HubException($"{from.Host} redirects from {from.Scheme} to {to.Scheme}://{to.Host}, which is not safe to follow.");
    }

    private async Task<HttpResponseMessage> SendAsync(Uri address, RangeHeaderValue? range, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, address);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("qwensharp", typeof(HubHttp).Assembly.GetName().Version?.ToString(3)));
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        request.Headers.Range = range;
        if (site.Token is { } token && site.Owns(address))
            request.Headers.Authorization = Bearer(token);

        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.StallTimeout);
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException slow) when (!patience.IsCancellationRequested)
        {
            throw new TransientException(
                $"{address.Host} cannot be reached: there is no connection after {ConnectTimeout.TotalSeconds:0} s.",
                inner: slow,
                attemptsToReach: 1);
        }
        catch (OperationCanceledException silent) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransientException($"{address.Host} did not answer for {options.StallTimeout.TotalSeconds:0} s.", inner: silent);
        }
        catch (HttpRequestException untrusted) when (untrusted.InnerException is AuthenticationException)
        {
            throw new HubException(
                $"{address.Host} has no certificate that this machine trusts: {untrusted.InnerException.Message}",
                untrusted);
        }
        catch (HttpRequestException broken)
        {
            bool isUnreachable = broken.HttpRequestError
                is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.ProxyTunnelError;
            throw new TransientException(
                $"{address.Host} cannot be reached: {Cause(broken)}",
                inner: broken,
                attemptsToReach: isUnreachable ? 2 : null);
        }
    }

    private AuthenticationHeaderValue Bearer(string token) =>
        token.All(c => c is > ' ' and < '\u007f')
            ? new AuthenticationHeaderValue("Bearer", token)
            : throw new HubException(
                $"The token in {site.TokenVariable} has characters that no token has. Copy it again from {site.TokenPage}.");

    private async Task<byte[]> ReadAllAsync(HubResponse response, CancellationToken cancellationToken)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[1 << 16];
        int count;
        while ((count = await response.ReadAsync(buffer, options.StallTimeout, cancellationToken).ConfigureAwait(false)) > 0)
        {
            if (all.Length + count > MostJsonBytes)
            {
                throw new HubException(
                    $"{site.Name} answered with more than {MostJsonBytes >> 20} MiB of JSON, which no list of files needs.");
            }

            all.Write(buffer, 0, count);
        }

        return all.ToArray();
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    private static string Cause(HttpRequestException failure) =>
        failure.InnerException is SocketException or IOException ? failure.InnerException.Message : failure.Message;
}
