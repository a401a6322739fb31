using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Ollama;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Ollama;

/// <summary><c>POST /api/embed</c> and the older <c>POST /api/embeddings</c>.</summary>
internal sealed class EmbedEndpoint(DialectService service)
{
    private const long NanosecondsATick = 100;

    public async Task InvokeAsync(HttpContext http)
    {
        long began = Stopwatch.GetTimestamp();
        (EmbedRequest request, GeneratedEmbeddings<Embedding<float>> embeddings, TimeSpan loading) =
            await EmbedAsync(http, EmbedRequest.Read).ConfigureAwait(false);
        EmbedReply reply = new(
            request.Model,
            [.. embeddings.Select(embedding => embedding.Vector)],
            Stopwatch.GetElapsedTime(began).Ticks * NanosecondsATick,
            loading.Ticks * NanosecondsATick,
            embeddings.Usage?.InputTokenCount ?? 0);
        await JsonReply.SendAsync(http, reply, OllamaJson.Default.EmbedReply).ConfigureAwait(false);
    }

    public async Task InvokeOlderAsync(HttpContext http)
    {
        (_, GeneratedEmbeddings<Embedding<float>> embeddings, _) = await EmbedAsync(http, EmbedRequest.ReadOlder).ConfigureAwait(false);
        EmbeddingReply reply = new(embeddings.Count > 0 ? embeddings[0].Vector : default);
        await JsonReply.SendAsync(http, reply, OllamaJson.Default.EmbeddingReply).ConfigureAwait(false);
    }

    private async Task<(EmbedRequest Request, GeneratedEmbeddings<Embedding<float>> Embeddings, TimeSpan Loading)> EmbedAsync(
        HttpContext http, Func<JsonElement, EmbedRequest> read)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token, declared: false).ConfigureAwait(false);
        EmbedRequest request = read(body.RootElement);
        ModelEntry entry = OllamaNames.Find(service.Models, request.Model);
        using ModelLease lease = await service.Models.AcquireAsync(entry, work.Token).ConfigureAwait(false);
        AnswerSender.Keep(lease, request.KeepAlive);

        // Without a text the model is only loaded.
        if (request.Texts.Count == 0)
            return (request, [], lease.Loading);

        EmbeddingRequest texts = new([.. request.Texts.Select(text => new CompletionPrompt { Text = text })])
        {
            Dimensions = request.Dimensions,
            Truncate = request.Truncate,
        };
        return (request, await lease.Model.Embedding.EmbedAsync(texts, work.Token).ConfigureAwait(false), lease.Loading);
    }
}
