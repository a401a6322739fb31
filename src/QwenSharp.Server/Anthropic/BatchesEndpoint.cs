using System.Globalization;
using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Anthropic;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Batches;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.Anthropic;

/// <summary><c>/v1/messages/batches</c>.</summary>
internal sealed class BatchesEndpoint(BatchRunner? batches, AnthropicBatchForm form)
{
    public const string IdParameter = "batch";
    private const int DefaultLimit = 20;
    private const int MaxLimit = 1000;
    private static readonly TimeSpan Window = TimeSpan.FromHours(24);

    public async Task CreateAsync(HttpContext http)
    {
        BatchRunner open = Open();
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, http.RequestAborted).ConfigureAwait(false);
        IReadOnlyList<(string CustomId, byte[] Body)> lines = MessageBatchLines.Read(body.RootElement);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Batch batch = new($"msgbatch_{Guid.NewGuid():N}", form.Name, open.Owner, "/v1/messages", now, now + Window)
        {
            Status = BatchStatus.InProgress,
            Begun = now,
            Counts = new BatchCounts(lines.Count, 0, 0, 0, 0),
        };
        await open.Batches
            .AddAsync(
                batch, [.. lines.Select((line, number) => new BatchLine(number, line.CustomId, line.Body))], http.RequestAborted)
            .ConfigureAwait(false);
        open.Wake();
        await SendAsync(http, batch).ConfigureAwait(false);
    }

    public async Task ListAsync(HttpContext http)
    {
        BatchRunner open = Open();
        IQueryCollection query = http.Request.Query;
        IEnumerable<Batch> asked = await open.Batches.ListAsync(form.Name, open.Seen, http.RequestAborted).ConfigureAwait(false);
        string? before = query["before_id"].FirstOrDefault();
        if (query["after_id"].FirstOrDefault() is { Length: > 0 } after)
            asked = asked.SkipWhile(batch => batch.Id != after).Skip(1);
        if (before is { Length: > 0 })
            asked = asked.TakeWhile(batch => batch.Id != before);

        int limit = LimitOf(query["limit"]);
        List<Batch> all = [.. asked];
        List<MessageBatch> page = [];
        foreach (Batch batch in before is { Length: > 0 } ? all.TakeLast(limit) : all.Take(limit))
            page.Add(Describe(http, await open.Batches.CountAsync(batch, http.RequestAborted).ConfigureAwait(false)));

        await JsonReply
            .SendAsync(
                http,
                new MessageBatchPage(page, all.Count > page.Count, page.FirstOrDefault()?.Id, page.LastOrDefault()?.Id),
                AnthropicJson.Default.MessageBatchPage)
            .ConfigureAwait(false);
    }

    public async Task ShowAsync(HttpContext http) =>
        await SendAsync(http, await FindAsync(http).ConfigureAwait(false)).ConfigureAwait(false);

    public async Task CancelAsync(HttpContext http)
    {
        Batch batch = await FindAsync(http).ConfigureAwait(false);
        if (!await batches!.Batches.CancelAsync(batch.Id, http.RequestAborted).ConfigureAwait(false)
            && batch.Status != BatchStatus.Cancelling)
        {
            throw Ended($"The batch '{batch.Id}' has ended, so it cannot be cancelled.");
        }

        batches.Wake();
        await SendAsync(http, await FindAsync(http).ConfigureAwait(false)).ConfigureAwait(false);
    }

    public async Task DeleteAsync(HttpContext http)
    {
        Batch batch = await FindAsync(http).ConfigureAwait(false);
        if (!batch.HasEnded)
            throw Ended($"The batch '{batch.Id}' has not ended, so it cannot be deleted. Cancel it first.");

        await batches!.Batches.DeleteAsync(batch.Id, http.RequestAborted).ConfigureAwait(false);
        await JsonReply.SendAsync(http, new DeletedMessageBatch(batch.Id), AnthropicJson.Default.DeletedMessageBatch).ConfigureAwait(false);
    }

    public async Task ResultsAsync(HttpContext http)
    {
        Batch batch = await FindAsync(http).ConfigureAwait(false);
        if (!batch.HasEnded)
            throw Ended($"The batch '{batch.Id}' has not ended, so there are no results yet.");

        http.Response.ContentType = "application/x-jsonl";
        for (long after = -1; ;)
        {
            IReadOnlyList<(long Line, byte[] Result)> results =
                await batches!.Batches.ResultsAsync(batch.Id, after, http.RequestAborted).ConfigureAwait(false);
            if (results.Count == 0)
                return;

            after = results[^1].Line;
            foreach ((_, byte[] result) in results)
                await http.Response.Body.WriteAsync((byte[])[.. result, (byte)'\n'], http.RequestAborted).ConfigureAwait(false);
        }
    }

    private static Task SendAsync(HttpContext http, Batch batch) =>
        JsonReply.SendAsync(http, Describe(http, batch), AnthropicJson.Default.MessageBatch);

    private static MessageBatch Describe(HttpContext http, Batch batch)
    {
        BatchCounts counts = batch.Counts;
        return new MessageBatch(
            batch.Id,
            batch.HasEnded ? "ended" : batch.Status == BatchStatus.Cancelling ? "canceling" : "in_progress",
            new MessageBatchCounts(counts.Pending, counts.Succeeded, counts.Errored, counts.Cancelled, counts.Expired),
            batch.Created,
            batch.Expires)
        {
            EndedAt = batch.Ended,
            CancelInitiatedAt = batch.Cancelling,
            ResultsUrl = batch.HasEnded
                ? $"{http.Request.Scheme}://{http.Request.Host}/v1/messages/batches/{batch.Id}/results"
                : null,
        };
    }

    private static HttpFault Ended(string message) => new(StatusCodes.Status400BadRequest, HttpFaultKind.Ended, message);

    private static int LimitOf(string? text) =>
        string.IsNullOrEmpty(text) ? DefaultLimit
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit is > 0 and <= MaxLimit ? limit
        : throw new OptionException(OptionFault.OutOfRange("limit", Excerpt.Of(text), Bounds.Between(1, MaxLimit)));

    private BatchRunner Open()
    {
        BatchRunner open = batches ?? throw Stateless.Fault();
        open.Require();
        return open;
    }

    private async Task<Batch> FindAsync(HttpContext http)
    {
        BatchRunner open = Open();
        string id = (string)http.Request.RouteValues[IdParameter]!;
        return await open.Batches.FindAsync(id, open.Seen, http.RequestAborted).ConfigureAwait(false) is { } batch
            && batch.Form == form.Name
            ? batch
            : throw new HttpFault(StatusCodes.Status404NotFound, HttpFaultKind.UnknownItem, $"There is no batch '{Excerpt.Of(id)}'.");
    }
}
