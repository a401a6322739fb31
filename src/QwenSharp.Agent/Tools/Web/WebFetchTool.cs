using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace QwenSharp.Agent.Tools.Web;

/// <summary>Fetches a page. What it says is data: nothing in it gives permission for anything.</summary>
public sealed class WebFetchTool : AgentTool, IDisposable
{
    private const int MostBytes = 10 << 20;
    private const int MostRedirects = 5;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly string[] Texts = ["json", "xml", "javascript", "yaml"];
    private static readonly string[] Formats = ["auto", "markdown", "html", "text"];

    private readonly HttpClient _client;

    /// <summary>The tool.</summary>
    /// <param name="allowsPrivateAddresses">Whether it may also reach this machine and its network.</param>
    public WebFetchTool(bool allowsPrivateAddresses = false)
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            UseCookies = false,
        };
        if (!allowsPrivateAddresses)
        {
            // A proxy would connect to what it is told.
            handler.UseProxy = false;
            handler.ConnectCallback = PublicAddresses.ConnectAsync;
        }

        _client = new HttpClient(handler) { Timeout = Longest, MaxResponseContentBufferSize = MostBytes };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("qwensharp", "1"));
    }

    /// <inheritdoc/>
    public override string Name => "web_fetch";

    /// <inheritdoc/>
    public override string Description => "Fetches a web page as Markdown.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "url": { "type": "string", "description": "Address of the page" },
            "prompt": { "type": "string", "description": "What you want to know; it is repeated below the page" },
            "format": { "type": "string", "enum": ["auto", "markdown", "html", "text"] }
          },
          "required": ["url", "prompt"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) =>
        new(AccessKind.Network) { Url = Address(arguments.String("url")) };

    /// <inheritdoc/>
    public override async Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        Uri start = Address(arguments.String("url"));
        string format = arguments.OptionalString("format") ?? "auto";
        if (!Formats.Contains(format))
            throw new ToolException($"\"format\" must be one of {string.Join(", ", Formats)}.");

        try
        {
            using HttpResponseMessage response = await GetAsync(start, cancellationToken).ConfigureAwait(false);
            string text = await TextAsync(response, format, cancellationToken).ConfigureAwait(false);
            string status = response.IsSuccessStatusCode ? "" : $"[status {(int)response.StatusCode}]\n";
            string wanted = $"[Page of {response.RequestMessage?.RequestUri}. You wanted: {arguments.String("prompt")}]";
            return new ToolResult($"{status}{text}\n\n{wanted}")
            {
                IsError = !response.IsSuccessStatusCode,
                Display = $"{(int)response.StatusCode} {start}, {text.Length} characters",
            };
        }
        catch (HttpRequestException failure)
        {
            throw new ToolException(
                failure.InnerException is ToolException refused ? refused.Message : $"{start} cannot be fetched: {failure.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException($"{start} did not answer within {Longest.TotalSeconds} seconds.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    // Another host needs its own permission.
    private async Task<HttpResponseMessage> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        for (int i = 0; i <= MostRedirects; i++)
        {
            HttpResponseMessage response = await _client.GetAsync(address, cancellationToken).ConfigureAwait(false);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
                return response;

            response.Dispose();
            Uri next = Address(new Uri(address, location).AbsoluteUri);
            if (!next.Host.Equals(address.Host, StringComparison.OrdinalIgnoreCase))
                throw new ToolException($"{address} leads to another host. Fetch {next} if you want that.");

            address = next;
        }

        throw new ToolException($"{address} leads on more than {MostRedirects} times.");
    }

    private static async Task<string> TextAsync(HttpResponseMessage response, string format, CancellationToken cancellationToken)
    {
        string type = response.Content.Headers.ContentType?.MediaType ?? "text/html";
        bool isText = type.StartsWith("text/", StringComparison.Ordinal)
            || Texts.Any(one => type.Contains(one, StringComparison.Ordinal));
        if (!isText)
            throw new ToolException($"The page is of the type {type}, which is no text.");

        byte[] bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        string text = Charset(response).GetString(bytes);
        return format == "html" || !type.Contains("html", StringComparison.Ordinal) ? text : HtmlText.Of(text, format != "text");
    }

    private static Encoding Charset(HttpResponseMessage response)
    {
        try
        {
            return response.Content.Headers.ContentType?.CharSet is { } name ? Encoding.GetEncoding(name.Trim('"')) : Encoding.UTF8;
        }
        catch (ArgumentException)
        {
            return Encoding.UTF8;
        }
    }

    private static Uri Address(string text) =>
        Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "https://" + text, UriKind.Absolute, out Uri? address)
            && (address.Scheme is "http" or "https") && address.UserInfo.Length == 0
            ? address
            : throw new ToolException($"\"{text}\" is no address of a web page: it must begin with http:// or https://.");
}
