using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.DashScope;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.DashScope;

/// <summary><c>POST /api/v1/services/embeddings/text-embedding/text-embedding</c>.</summary>
internal sealed class TextEmbeddingEndpoint(DialectService service)
{
    public async Task InvokeAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        EmbeddingsRequest request = EmbeddingsRequest.Read(body.RootElement);
        using ModelLease lease =
            await service.Models.AcquireForAsync(ModelPurpose.Embedding, request.Model, work.Token).ConfigureAwait(false);
        ServedModel model = lease.Model;
        EmbeddingRequest asked = new(request.Texts) { Dimensions = request.Dimensions, Instruction = request.Instruction };
        GeneratedEmbeddings<Embedding<float>> made = await model.Embedding.EmbedAsync(asked, work.Token).ConfigureAwait(false);
        EmbeddingsReply reply = new(
            new EmbeddingsOutput([.. made.Select((embedding, i) => new TextEmbedding(i, embedding.Vector.ToArray()))]),
            new EmbeddingsUsage(made.Usage?.TotalTokenCount ?? 0),
            http.TraceIdentifier);
        await JsonReply.SendAsync(http, reply, DashScopeJson.Default.EmbeddingsReply).ConfigureAwait(false);
    }
}
