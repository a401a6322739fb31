using System.Text.Json;
using QwenSharp.Protocols.SelfHosted;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server.SelfHosted;

/// <summary><c>POST /v1/rerank</c> and <c>POST /v1/score</c>.</summary>
internal sealed class RankingEndpoints(DialectService service)
{
    public async Task RerankAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        RerankRequest request = RerankRequest.Read(body.RootElement);
        RequestRecord.Of(http).User = request.User;

        using ModelLease lease =
            await service.Models.AcquireForAsync(ModelPurpose.Ranking, request.Model, work.Token).ConfigureAwait(false);
        ServedModel model = lease.Model;
        RankedDocuments ranked = await model.Reranking
            .RankAsync(request.Query, request.Documents, request.Instruction, work.Token).ConfigureAwait(false);
        IEnumerable<int> order = Enumerable.Range(0, request.Documents.Count)
            .OrderByDescending(i => ranked.Scores[i])
            .Take(request.Top ?? int.MaxValue);
        RerankReply reply = new(
            $"rerank-{Guid.NewGuid():N}",
            model.Id,
            ReadUsage.Of(ranked.Tokens),
            [
                .. order.Select(i => new RerankResult(
                    i,
                    ranked.Scores[i],
                    request.ReturnsDocuments ? new RerankDocument(request.Documents[i]) : null)),
            ]);
        await JsonReply.SendAsync(http, reply, SelfHostedJson.Default.RerankReply).ConfigureAwait(false);
    }

    public async Task ScoreAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        ScoreRequest request = ScoreRequest.Read(body.RootElement);
        RequestRecord.Of(http).User = request.User;

        using ModelLease lease =
            await service.Models.AcquireForAsync(ModelPurpose.Ranking, request.Model, work.Token).ConfigureAwait(false);
        ServedModel model = lease.Model;
        List<float> scores = [];
        long tokens = 0;
        foreach ((string query, string[] documents) in Groups(request))
        {
            RankedDocuments ranked = await model.Reranking
                .RankAsync(query, documents, request.Instruction, work.Token).ConfigureAwait(false);
            scores.AddRange(ranked.Scores);
            tokens += ranked.Tokens;
        }

        ScoreReply reply = new(
            $"score-{Guid.NewGuid():N}",
            DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            model.Id,
            [.. scores.Select((score, i) => new PairScore(i, score))],
            ReadUsage.Of(tokens));
        await JsonReply.SendAsync(http, reply, SelfHostedJson.Default.ScoreReply).ConfigureAwait(false);
    }

    // One query with all documents is one batch.
    private static IEnumerable<(string Query, string[] Documents)> Groups(ScoreRequest request) => request.Queries is [var only]
        ? [(only, [.. request.Documents])]
        : request.Queries.Zip(request.Documents, (query, document) => (query, (string[])[document]));
}
