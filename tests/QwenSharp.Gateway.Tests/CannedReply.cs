using System.Net;

namespace QwenSharp.Gateway.Tests;

/// <summary>Answers every request alike and remembers the last.</summary>
internal sealed class CannedReply(HttpStatusCode status, string mediaType, byte[] body, int readSize = 4096) : HttpMessageHandler
{
    public List<(string Name, string Value)> Headers { get; } = [];

    public HttpRequestMessage? Request { get; private set; }

    public string? RequestBody { get; private set; }

    public static CannedReply Json(string body) => new(HttpStatusCode.OK, "application/json", System.Text.Encoding.UTF8.GetBytes(body));

    public static CannedReply Events(string body, int readSize = 4096) =>
        new(HttpStatusCode.OK, "text/event-stream", System.Text.Encoding.UTF8.GetBytes(body), readSize);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Request = request;
        RequestBody = request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken);
        HttpResponseMessage response = new(status) { Content = new StreamContent(new CutStream(body, readSize)) };
        response.Content.Headers.TryAddWithoutValidation("Content-Type", mediaType);
        foreach ((string name, string value) in Headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, value))
                response.Content.Headers.TryAddWithoutValidation(name, value);
        }

        return response;
    }
}
