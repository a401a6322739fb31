using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Routing;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Gateway;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server.OpenAI;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal sealed class EmbeddingsEndpoint(DialectService service)
{
    public async Task InvokeAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        await using Routed routed = await service.Routes
            .AnswerAsync(http, Wire.Embeddings, body, RefuseVectors, work.Token)
            .ConfigureAwait(false);
        if (routed.IsSent)
            return;

        EmbeddingsRequest request = EmbeddingsRequest.Read(body.RootElement);
        RequestRecord.Of(http).User = request.User;

        using ModelLease lease =
            await service.Models.AcquireForAsync(ModelPurpose.Embedding, request.Model, work.Token).ConfigureAwait(false);
        ServedModel model = lease.Model;
        EmbeddingRequest asked = new(request.Inputs) { Dimensions = request.Dimensions, Truncate = request.Truncates };
        GeneratedEmbeddings<Embedding<float>> made = await model.Embedding.EmbedAsync(asked, work.Token).ConfigureAwait(false);
        long tokens = made.Usage?.InputTokenCount ?? 0;
        EmbeddingList reply = new(
            [.. made.Select((embedding, i) => new EmbeddingItem(i, new EmbeddingVector(embedding.Vector, request.AsBase64)))],
            model.Id,
            new EmbeddingUsage(tokens, tokens));
        await JsonReply.SendAsync(http, reply, OpenAIJson.Default.EmbeddingList).ConfigureAwait(false);
    }

    // Whoever speaks this protocol is asked as it stands.
    private static RouteCall RefuseVectors() => throw new OptionNotSupportedException(
        nameof(ChatOptions.ModelId), "is answered elsewhere, by one who takes conversations and gives no vectors.");
}
