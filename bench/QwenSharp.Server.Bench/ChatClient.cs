using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace QwenSharp.Server.Bench;

/// <summary>An answer as it came.</summary>
/// <param name="Text">What was said, reasoning included.</param>
/// <param name="Seconds">When each piece of it came, from the request on.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CachedTokens">Those that had been computed before.</param>
/// <param name="AnswerTokens">Tokens of the answer.</param>
/// <param name="Finish">Why it ended; null where the client hung up.</param>
internal sealed record Answer(
    string Text, IReadOnlyList<double> Seconds, int PromptTokens, int CachedTokens, int AnswerTokens, string? Finish);

/// <summary>Streams chat completions, as any client of OpenAI's protocol does.</summary>
internal sealed class ChatClient(Uri address) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 4096 })
    {
        BaseAddress = address,
        Timeout = Timeout.InfiniteTimeSpan,

        // llama-server closes a connection after a number of requests, and the next one on it would be lost.
        DefaultRequestHeaders = { ConnectionClose = true },
    };

    public void Dispose() => _http.Dispose();

    /// <summary>Asks for a greedy answer.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="tokens">Tokens of the answer at most.</param>
    /// <param name="hangUpAfter">Pieces of the answer after which the client leaves.</param>
    /// <exception cref="HttpRequestException">The server refused.</exception>
    public async Task<Answer> AskAsync(JsonArray messages, int tokens, int hangUpAfter = int.MaxValue)
    {
        JsonObject body = new()
        {
            ["messages"] = messages.DeepClone(),
            ["stream"] = true,
            ["stream_options"] = new JsonObject { ["include_usage"] = true },
            ["max_tokens"] = tokens,
            ["temperature"] = 0,
        };
        Stopwatch watch = Stopwatch.StartNew();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(body) };
        using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        using StreamReader lines = new(await response.Content.ReadAsStreamAsync().ConfigureAwait(false));
        List<double> seconds = [];
        string text = "";
        string? finish = null;
        int prompt = 0, cached = 0, answer = 0;
        while (seconds.Count < hangUpAfter && await lines.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal))
                continue;

            using JsonDocument document = JsonDocument.Parse(line.AsMemory(6));
            JsonElement root = document.RootElement;
            if (root.TryGetProperty("usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.Object)
            {
                prompt = usage.GetProperty("prompt_tokens").GetInt32();
                answer = usage.GetProperty("completion_tokens").GetInt32();
                if (usage.TryGetProperty("prompt_tokens_details", out JsonElement details))
                    cached = details.GetProperty("cached_tokens").GetInt32();
            }

            foreach (JsonElement choice in root.GetProperty("choices").EnumerateArray())
            {
                string piece = Piece(choice, "reasoning_content") + Piece(choice, "content");
                if (piece.Length > 0)
                {
                    text += piece;
                    seconds.Add(watch.Elapsed.TotalSeconds);
                }

                if (choice.TryGetProperty("finish_reason", out JsonElement reason) && reason.ValueKind == JsonValueKind.String)
                    finish = reason.GetString();
            }
        }

        return new Answer(text, seconds, prompt, cached, answer, finish);
    }

    /// <summary>Sends a body as it is and says with what status it was answered.</summary>
    public async Task<HttpStatusCode> SendAsync(string body)
    {
        using StringContent content = new(body, mediaType: new("application/json"));
        using HttpResponseMessage response = await _http.PostAsync("/v1/chat/completions", content).ConfigureAwait(false);
        return response.StatusCode;
    }

    private static string Piece(JsonElement choice, string name) =>
        choice.GetProperty("delta").TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";
}
